// @auth0/mdl. It knows the transcripts of drafts alone, so that it is given ours, and takes the moment from the clock.

import mdl from '@auth0/mdl'
import { cborDecode, cborEncode, DataItem, DateOnly } from '@auth0/mdl/lib/cbor/index.js'
import { COSEKeyFromJWK } from 'cose-kit'
import { bytes, hex, serve } from './oracle.mjs'

const pem = (der) => `-----BEGIN CERTIFICATE-----\n${Buffer.from(der, 'hex').toString('base64')}\n-----END CERTIFICATE-----\n`
const value = (one) => {
  if (one?.date) return new DateOnly(one.date)
  if (one?.octets) return bytes(one.octets)
  if (Array.isArray(one)) return one.map(value)
  return typeof one === 'object' ? Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, value(inner)])) : one
}
const tagged = ({ transcript }) => cborEncode(new DataItem({ buffer: Buffer.from(transcript, 'hex') }))

await serve({
  verify: async ({ token, session, anchor, reader }) => {
    const verifier = new mdl.Verifier([pem(anchor)])
    const ephemeralReaderKey = reader && COSEKeyFromJWK(reader)
    const asked = { encodedSessionTranscript: tagged(session), ephemeralReaderKey }
    const verified = await verifier.verify(bytes(token), asked)
    const [document] = verified.documents
    return Object.fromEntries(document.issuerSignedNameSpaces.map((one) => [one, document.getIssuerNameSpace(one)]))
  },

  issue: async ({ doctype, namespace, values, holder, key, certificate, signed, validUntil, digest }) => {
    const document = await new mdl.Document(doctype)
      .addIssuerNameSpace(namespace, Object.fromEntries(Object.entries(values).map(([name, one]) => [name, value(one)])))
      .useDigestAlgorithm(digest ?? 'SHA-256')
      .addValidityInfo({ signed: new Date(signed), validUntil: new Date(validUntil) })
      .addDeviceKeyInfo({ deviceKey: holder })
      .sign({ issuerPrivateKey: key, issuerCertificate: pem(certificate), alg: 'ES256' })
    const response = cborDecode(new mdl.MDoc([document]).encode())
    return hex(cborEncode((response.get ?? ((name) => response[name])).call(response, 'documents')[0].get('issuerSigned')))
  },

  present: async ({ credential, doctype, namespace, names, key, session, reader }) => {
    const document = new Map([['docType', doctype], ['issuerSigned', cborDecode(bytes(credential))]])
    const mdoc = cborEncode(new Map([['version', '1.0'], ['documents', [document]], ['status', 0]]))
    const fields = names.map((one) => ({ path: [`$['${namespace}']['${one}']`], intent_to_retain: false }))
    const descriptor = { id: doctype, format: { mso_mdoc: { alg: ['ES256'] } }, constraints: { limit_disclosure: 'required', fields } }
    const asked = mdl.DeviceResponse.from(mdoc)
      .usingPresentationDefinition({ id: 'asked', input_descriptors: [descriptor] })
      .usingSessionTranscriptBytes(tagged(session))
    const proved = reader
      ? asked.authenticateWithMAC(key, COSEKeyFromJWK(reader), 'HS256')
      : asked.authenticateWithSignature(key, 'ES256')
    const response = await proved.sign()
    return hex(response.encode())
  },
})
