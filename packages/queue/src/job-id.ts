/**
 * The job id of an event: its svix-id, or an encoding of it where BullMQ would refuse or rewrite
 * it (a colon, or an id that reads as a number). Svix sends `msg_…`, but any id may be signed.
 */
export function toJobId(svixId: string): string {
  const isPlain = /^[A-Za-z][\w.-]*$/.test(svixId)
  return isPlain ? svixId : `id_${Buffer.from(svixId).toString('base64url')}`
}
