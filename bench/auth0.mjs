// What @auth0/mdl takes to verify and to issue, in bare signatures of this process. One question on stdin, one answer.

import { createRequire } from 'node:module'
import crypto from 'node:crypto'
import { text } from 'node:stream/consumers'

const asked = JSON.parse(await text(process.stdin))
const require = createRequire(`${asked.modules}/`)
const mdl = require('@auth0/mdl')
const { cborEncode, DataItem } = require('@auth0/mdl/lib/cbor')

const ROUNDS = 7
const bytes = (one) => Buffer.from(one, 'hex')
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${bytes(der).toString('base64')}\n-----END CERTIFICATE-----\n`
const encodedSessionTranscript = cborEncode(new DataItem({ buffer: bytes(asked.transcript) }))
const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
const message = crypto.randomBytes(600)
const signature = crypto.sign('sha256', message, privateKey)

async function cost(size, operation) {
  const began = process.cpuUsage()
  for (let number = 0; number < size; number += 1) await operation(number)
  const { user, system } = process.cpuUsage(began)
  return (user + system) / size
}

const verifier = new mdl.Verifier([pem(asked.anchor)])
const verify = (number) => verifier.verify(bytes(asked.tokens[number % asked.tokens.length]), { encodedSessionTranscript })
const issue = () =>
  new mdl.Document(asked.doctype)
    .addIssuerNameSpace(asked.doctype, asked.claims)
    .useDigestAlgorithm('SHA-256')
    .addValidityInfo({ signed: new Date(), validUntil: new Date(Date.now() + 14 * 24 * 3600 * 1000) })
    .addDeviceKeyInfo({ deviceKey: asked.holder })
    .sign({ issuerPrivateKey: asked.key, issuerCertificate: pem(asked.signer), alg: 'ES256' })

const found = { verify: [], issue: [] }
await cost(asked.tokens.length, verify)
await cost(asked.tokens.length, issue)
for (let round = 0; round < ROUNDS; round += 1) {
  const twice = 2 * (await cost(200, () => crypto.verify('sha256', message, publicKey, signature)))
  const once = await cost(200, () => crypto.sign('sha256', message, privateKey))
  found.verify.push((await cost(asked.tokens.length, verify)) / twice)
  found.issue.push((await cost(asked.tokens.length, issue)) / once)
}
console.log(JSON.stringify(found))
