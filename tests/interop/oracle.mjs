// What every oracle here is: a process that is asked on stdin and answers on stdout, one line of JSON each.
// {call, ...} -> {answer} | {refused}: the library's own error, whose name and words the tests look at.

import { createInterface } from 'node:readline'

export const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'))
export const hex = (octets) => Buffer.from(octets).toString('hex')

// cbor-x reads an integer beyond 32 bits as a BigInt, which JSON does not know
const plain = (_, value) => (typeof value === 'bigint' ? Number(value) : value)

export async function serve(calls) {
  console.log = console.error // stdout is for answers; some libraries print
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, ...asked } = JSON.parse(line)
    const say = (answer) => process.stdout.write(JSON.stringify(answer, plain) + '\n')
    try {
      say({ answer: await calls[call](asked) })
    } catch (error) {
      say({ refused: `${error.name}: ${error.message}` })
    }
  }
}
