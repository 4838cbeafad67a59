// @sd-jwt/sd-jwt-vc. It leaves signatures and hashes to its caller: here they are those of node itself.

import * as crypto from 'node:crypto'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { serve } from './oracle.mjs'

const ENCODING = 'ieee-p1363'
const signer = (jwk) => (data) => {
  const key = crypto.createPrivateKey({ key: jwk, format: 'jwk' })
  return crypto.sign('sha256', Buffer.from(data), { key, dsaEncoding: ENCODING }).toString('base64url')
}
const verifies = (jwk, data, signature) => {
  const key = crypto.createPublicKey({ key: jwk, format: 'jwk' })
  return crypto.verify('sha256', Buffer.from(data), { key, dsaEncoding: ENCODING }, Buffer.from(signature, 'base64url'))
}
const hashing = {
  hasher: (data, algorithm) => {
    const octets = typeof data === 'string' ? data : Buffer.from(data)
    return new Uint8Array(crypto.createHash(algorithm.replace('-', '')).update(octets).digest())
  },
  hashAlg: 'sha-256',
  saltGenerator: () => crypto.randomBytes(16).toString('base64url'),
}

await serve({
  issue: ({ payload, frame, header, key }) =>
    new SDJwtVcInstance({ ...hashing, signer: signer(key), signAlg: 'ES256' }).issue(payload, frame, { header }),

  // shows what lies at these names and below them: between the elements of an array there may be decoys
  present: async ({ credential, names, proof, key }) => {
    const holder = new SDJwtVcInstance({ ...hashing, kbSigner: signer(key), kbSignAlg: 'ES256' })
    const frame = {}
    for (const path of await holder.presentableKeys(credential)) {
      const [name, below] = path.split('.')
      if (!names.includes(name)) continue
      frame[name] = below === undefined ? (frame[name] ?? true) : { ...frame[name], [below]: true }
    }
    return holder.present(credential, frame, { kb: { payload: proof } })
  },

  // what a credential says, to its holder
  claims: ({ credential }) => new SDJwtVcInstance(hashing).getClaims(credential),

  verify: async ({ token, key, nonce, now }) => {
    const verifier = new SDJwtVcInstance({
      ...hashing,
      verifier: (data, signature) => verifies(key, data, signature),
      kbVerifier: (data, signature, payload) => verifies(payload.cnf.jwk, data, signature),
    })
    const { payload } = await verifier.verify(token, { keyBindingNonce: nonce, currentDate: now })
    return payload
  },
})
