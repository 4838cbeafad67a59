// @owf/mdoc. It leaves digests, signatures and certificates to its caller: here they are those of node itself.

import * as crypto from 'node:crypto'
import * as mdoc from '@owf/mdoc'
import { bytes, hex, serve } from './oracle.mjs'

const ALGORITHMS = { ES256: 'sha256', ES384: 'sha384', EdDSA: null }
const named = (algorithm) => mdoc.SignatureAlgorithm[algorithm] ?? algorithm
const keyObject = (make, key) => {
  const { kty, crv, x, y, d } = key.jwk
  return { key: make({ key: { kty, crv, x, y, ...(d && { d }) }, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }
}
const certificate = (der) => new crypto.X509Certificate(der)

const context = ({ wide = false } = {}) => ({
  crypto: {
    random: (size) => {
      const drawn = crypto.randomBytes(size)
      // 4 octets are for the identifier of a digest, which is to be below 2^31: the library takes all 32 bits
      if (size === 4) drawn[0] = wide ? drawn[0] | 0x80 : drawn[0] & 0x7f
      return drawn
    },
    digest: ({ digestAlgorithm, bytes }) =>
      crypto.createHash(digestAlgorithm.replace('-', '').toLowerCase()).update(bytes).digest(),
    // a key comes as COSE_Key where a code is made, and as its octets where one is verified
    calculateEphemeralMacKey: ({ privateKey, publicKey, sessionTranscriptBytes, info }) => {
      const [own, other] = [privateKey, publicKey].map((one) => {
        const known = mdoc.cborDecode(one)
        return known instanceof Map ? mdoc.CoseKey.fromEncodedStructure(known) : one
      })
      const agreement = crypto.createECDH('prime256v1')
      agreement.setPrivateKey(own.d ?? own)
      const salt = crypto.createHash('sha256').update(sessionTranscriptBytes).digest()
      return new Uint8Array(crypto.hkdfSync('sha256', agreement.computeSecret(other.publicKey ?? other), salt, info, 32))
    },
  },
  cose: {
    sign1: {
      sign: ({ toBeSigned, key, algorithm }) =>
        crypto.sign(ALGORITHMS[named(algorithm)], toBeSigned, keyObject(crypto.createPrivateKey, key)),
      verify: ({ sign1, key }) => {
        const hash = ALGORITHMS[named(sign1.signatureAlgorithmName)]
        return crypto.verify(hash, sign1.toBeSigned, keyObject(crypto.createPublicKey, key), sign1.signature)
      },
    },
    mac0: {
      sign: ({ toBeAuthenticated, key }) => crypto.createHmac('sha256', key).update(toBeAuthenticated).digest(),
      verify: ({ mac0, key }) =>
        crypto.createHmac('sha256', key).update(mac0.toBeAuthenticated).digest().equals(Buffer.from(mac0.tag)),
    },
  },
  x509: {
    getIssuerNameField: ({ certificate: der, field }) =>
      certificate(der).issuer.split('\n').filter((one) => one.startsWith(`${field}=`)).map((one) => one.slice(field.length + 1)),
    getPublicKey: ({ certificate: der }) => mdoc.CoseKey.fromJwk(certificate(der).publicKey.export({ format: 'jwk' })),
    getCertificateData: ({ certificate: der }) => {
      const { issuer, subject, serialNumber, fingerprint256, validFrom, validTo } = certificate(der)
      const [notBefore, notAfter] = [new Date(validFrom), new Date(validTo)]
      return { issuerName: issuer, subjectName: subject, serialNumber, thumbprint: fingerprint256, notBefore, notAfter }
    },
    verifyCertificateChain: ({ trustedCertificates, x5chain, now }) => {
      const [leaf, ...others] = x5chain.map(certificate)
      const above = trustedCertificates.map(certificate).find((one) => leaf.checkIssued(one))
      if (others.length || !above || !leaf.verify(above.publicKey)) throw new Error('no trusted certificate above it')
      for (const one of [leaf, above]) {
        if (now < new Date(one.validFrom) || new Date(one.validTo) < now) throw new Error('a certificate is out of date')
      }
    },
  },
})

const transcript = async (session) => {
  if (session.transcript) return mdoc.SessionTranscript.decode(bytes(session.transcript))
  const jwkThumbprint = session.jwkThumbprint ? bytes(session.jwkThumbprint) : undefined
  return session.origin
    ? mdoc.SessionTranscript.forOid4VpDcApi({ ...session, jwkThumbprint }, context())
    : mdoc.SessionTranscript.forOid4Vp({ ...session, jwkThumbprint }, context())
}
const value = (one) => {
  if (one?.date) return new mdoc.DateOnly(one.date)
  if (one?.octets) return bytes(one.octets)
  if (Array.isArray(one)) return one.map(value)
  return typeof one === 'object' ? new Map(Object.entries(one).map(([name, inner]) => [name, value(inner)])) : one
}

await serve({
  transcript: async ({ session }) => hex((await transcript(session)).encode()),

  verify: async ({ token, session, anchor, at, reader }) => {
    const response = mdoc.DeviceResponse.decode(bytes(token))
    const trustedCertificates = [bytes(anchor)]
    const asked = { deviceResponse: response, sessionTranscript: await transcript(session), trustedCertificates }
    const ephemeralReaderKey = reader && mdoc.CoseKey.fromJwk(reader)
    await mdoc.Verifier.verifyDeviceResponse({ ...asked, ephemeralReaderKey, now: new Date(at) }, context())
    const [{ issuerSigned }] = response.documents
    const namespaces = [...issuerSigned.issuerNamespaces.issuerNamespaces.keys()]
    return Object.fromEntries(namespaces.map((one) => [one, issuerSigned.getPrettyClaims(one)]))
  },

  // what a document says, to its holder
  claims: ({ credential }) => {
    const issued = mdoc.IssuerSigned.decode(bytes(credential))
    const namespaces = [...issued.issuerNamespaces.issuerNamespaces.keys()]
    return Object.fromEntries(namespaces.map((one) => [one, issued.getPrettyClaims(one)]))
  },

  verifyIssued: async ({ token, anchor, at }) => {
    const asked = { issuerSigned: bytes(token), trustedCertificates: [bytes(anchor)], now: new Date(at) }
    await mdoc.Holder.verifyIssuerSigned(asked, context())
    return null
  },

  issue: async ({ doctype, namespace, values, holder, key, certificate, signed, validUntil, digest, wide }) => {
    const issuer = new mdoc.Issuer(doctype, context({ wide }))
    issuer.addIssuerNamespace(namespace, new Map(Object.entries(values).map(([name, one]) => [name, value(one)])))
    const issued = await issuer.sign({
      signingKey: key,
      algorithm: mdoc.SignatureAlgorithm.ES256,
      digestAlgorithm: digest ?? 'SHA-256',
      certificates: [bytes(certificate)],
      deviceKeyInfo: { deviceKey: mdoc.DeviceKey.fromJwk(holder) },
      validityInfo: { signed: new Date(signed), validFrom: new Date(signed), validUntil: new Date(validUntil) },
    })
    return hex(issued.encode())
  },

  present: async ({ credential, doctype, namespace, names, key, session, reader }) => {
    const proof = reader
      ? { mac: { signingKey: mdoc.CoseKey.fromJwk({ ...key, alg: 'HS256' }), ephemeralKey: mdoc.CoseKey.fromJwk(reader) } }
      : { signature: { signingKey: mdoc.CoseKey.fromJwk({ ...key, alg: 'ES256' }) } }
    const itemsRequest = mdoc.ItemsRequest.create({
      docType: doctype,
      namespaces: new Map([[namespace, new Map(names.map((one) => [one, false]))]]),
    })
    const response = await mdoc.Holder.createDeviceResponseForDeviceRequest(
      {
        deviceRequest: mdoc.DeviceRequest.create({ docRequests: [mdoc.DocRequest.create({ itemsRequest })] }),
        issuerSigned: [mdoc.IssuerSigned.decode(bytes(credential))],
        sessionTranscript: await transcript(session),
        ...proof,
      },
      context()
    )
    return hex(response.encode())
  },
})
