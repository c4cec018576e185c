/** The fields of one protobuf message by their number: numbers as bigint, everything else as bytes. */
export type Fields = ReadonlyMap<number, readonly (bigint | Buffer)[]>

/** Reads a message as it came over the wire, without knowing its schema. */
export function readFields(bytes: Buffer): Fields {
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0

  function readVarint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  function take(length: number): Buffer {
    at += length
    return bytes.subarray(at - length, at)
  }

  function readValue(wireType: number): bigint | Buffer {
    if (wireType === 0) return readVarint()
    if (wireType === 1) return take(8).readBigUInt64LE()
    if (wireType === 2) return take(Number(readVarint()))
    if (wireType === 5) return BigInt(take(4).readUInt32LE())
    throw new Error(`no such wire type: ${wireType}`)
  }

  while (at < bytes.length) {
    const tag = Number(readVarint())
    const values = fields.get(tag >> 3) ?? []
    values.push(readValue(tag & 7))
    fields.set(tag >> 3, values)
  }
  return fields
}

/** The messages in a repeated field. */
export function messages(fields: Fields, number: number): Fields[] {
  return (fields.get(number) ?? []).flatMap((value) =>
    typeof value === 'bigint' ? [] : [readFields(value)],
  )
}

export function bytesIn(fields: Fields, number: number): Buffer {
  const value = fields.get(number)?.[0]
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

export function numberIn(fields: Fields, number: number): bigint {
  const value = fields.get(number)?.[0]
  return typeof value === 'bigint' ? value : 0n
}
