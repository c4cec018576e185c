import { queueName } from './location.ts'

/** How OpenTelemetry names a span of a message, and what it says of it. */
export function messageAttributes(operation: 'send' | 'process', jobId: string) {
  return {
    name: `${operation} ${queueName}`,
    attributes: {
      'messaging.system': 'bullmq',
      'messaging.destination.name': queueName,
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.message.id': jobId,
    },
  }
}
