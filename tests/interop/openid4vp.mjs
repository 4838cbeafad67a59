// @openid4vc/openid4vp, the wallet and the verifier in it, with dcql. It leaves keys to its caller: signatures and
// certificates here are those of node itself, and encryption is that of jose.

import * as crypto from 'node:crypto'
import { createServer } from 'node:http'
import { setGlobalConfig } from '@openid4vc/oauth2'
import { Openid4vpClient, Openid4vpVerifier } from '@openid4vc/openid4vp'
import { DcqlPresentationResult, DcqlQuery } from 'dcql'
import { CompactEncrypt, calculateJwkThumbprint, compactDecrypt, importJWK } from 'jose'
import { serve } from './oracle.mjs'

const ENCODING = 'ieee-p1363'
const certificate = (x5c) => new crypto.X509Certificate(Buffer.from(x5c, 'base64'))
const object = (part) => JSON.parse(Buffer.from(part, 'base64url').toString())
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

// the certificate's key, if a chain leads from it to one of the anchors
const certified = (x5c, anchors) => {
  const chain = x5c.map(certificate)
  const above = anchors.map(certificate)
  const links = chain.every((one, k) => [chain[k + 1], ...above].some((next) => next && one.checkIssued(next) && one.verify(next.publicKey)))
  const now = new Date()
  const valid = chain.every((one) => new Date(one.validFrom) <= now && now <= new Date(one.validTo))
  if (!links || !valid || chain[0].ca) throw new Error('no trusted certificate above it')
  return chain[0].publicKey
}

// what a host gives the library; `asked` is what the host knows and wants in this one call
const callbacks = (asked) => ({
  hash: (data, algorithm) => crypto.createHash(algorithm.replace('-', '')).update(data).digest(),
  generateRandom: (size) => crypto.randomBytes(size),

  verifyJwt: (signer, { compact }) => {
    const key =
      signer.method === 'x5c'
        ? certified(signer.x5c, asked.anchors)
        : crypto.createPublicKey({ key: asked.methods[signer.didUrl], format: 'jwk' })
    const [header, payload, signature] = compact.split('.')
    const over = Buffer.from(`${header}.${payload}`)
    const verified = crypto.verify('sha256', over, { key, dsaEncoding: ENCODING }, Buffer.from(signature, 'base64url'))
    return { verified, signerJwk: key.export({ format: 'jwk' }) }
  },
  signJwt: (signer, { header, payload }) => {
    const over = `${part({ ...header, ...asked.header })}.${part(payload)}`
    const key = crypto.createPrivateKey({ key: asked.key, format: 'jwk' })
    const signature = crypto.sign('sha256', Buffer.from(over), { key, dsaEncoding: ENCODING })
    return { jwt: `${over}.${signature.toString('base64url')}`, signerJwk: crypto.createPublicKey(key).export({ format: 'jwk' }) }
  },
  getX509CertificateMetadata: (x5c) => {
    const names = (certificate(x5c).subjectAltName ?? '').split(', ').map((one) => one.split(/:(.*)/s))
    const of = (kind) => names.filter(([one]) => one === kind).map(([, name]) => name)
    return { sanDnsNames: of('DNS'), sanUriNames: of('URI') }
  },

  // the header has the key's kid (OpenID4VP 1.0 8.3); `asked.seal` puts something else in its place
  encryptJwe: async ({ publicJwk, alg, enc, apu, apv }, data) => {
    const { to = publicJwk, ...header } = asked.seal ?? {}
    const sealing = new CompactEncrypt(Buffer.from(data)).setProtectedHeader({ alg, enc, kid: publicJwk.kid, ...header })
    const parties = { apu: apu && Buffer.from(apu, 'base64url'), apv: apv && Buffer.from(apv, 'base64url') }
    const key = await importJWK(to, header.alg ?? alg)
    return { encryptionJwk: to, jwe: await sealing.setKeyManagementParameters(parties).encrypt(key) }
  },
  decryptJwe: async (jwe) => {
    const { plaintext } = await compactDecrypt(jwe, await importJWK(asked.key, 'ECDH-ES'))
    return { decrypted: true, decryptionJwk: asked.key, payload: Buffer.from(plaintext).toString() }
  },

  // without `asked.over` nothing is opened: the order is kept, and answered by what the caller has of it. With it, what
  // is published under that name is asked of this machine.
  fetch: async (url, { method = 'GET', headers = {}, body } = {}) => {
    // the library posts no nonce of its own: its host does
    const posted = asked.nonce === undefined || asked.posts_its_nonce === false ? body : new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(body)), wallet_nonce: asked.nonce }).toString()
    const order = { method: method.toUpperCase(), url: String(url), headers: Object.fromEntries(new Headers(headers)), body: posted?.toString() }
    asked.order = order
    if (asked.over) return fetch(String(url).replace(...asked.over), { method: order.method, headers, body: order.body })
    if (asked.fetched === undefined) throw new Error('nothing was opened')
    return new Response(asked.fetched, { status: 200 })
  },
})

const wallet = (asked) => new Openid4vpClient({ callbacks: callbacks(asked) })
const verifier = (asked) => new Openid4vpVerifier({ callbacks: callbacks(asked) })
const form = (body) => Object.fromEntries(new URLSearchParams(body))

// a verifier over HTTP, on this machine alone: what it publishes, and what it took
const desk = { object: undefined, asked: undefined, taken: undefined }
const listening = createServer(async (request, response) => {
  const say = (status, kind, body) => response.writeHead(status, { 'Content-Type': kind }).end(body)
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks).toString()
  if (request.url === '/requests/8a1f' && desk.object) return say(200, 'application/oauth-authz-req+jwt', await desk.object(form(body)))
  if (request.url !== '/answers' || request.method !== 'POST' || desk.taken) return say(404, 'application/json', '{}')
  try {
    desk.taken = await calls.read({ ...desk.asked, body })
    say(200, 'application/json', JSON.stringify({ redirect_uri: `${desk.address}/done` }))
  } catch (error) {
    say(400, 'application/json', '{"error":"invalid_request"}')
  }
})

const calls = {
  // -- a wallet -------------------------------------------------------------------------------------------------------

  // {order}: what is to be fetched first | {parameters, client, version}
  resolve: async (asked) => {
    setGlobalConfig({ allowInsecureUrls: Boolean(asked.insecure) })
    const { params } = wallet(asked).parseOpenid4vpAuthorizationRequest({ authorizationRequest: asked.invitation })
    try {
      const resolved = await wallet(asked).resolveOpenId4vpAuthorizationRequest({
        authorizationRequestPayload: params,
        wallet: { expectedNonce: asked.nonce, nonce: asked.nonce, metadata: asked.metadata },
      })
      const { prefix, identifier, effective } = resolved.client
      const { jwks } = resolved.authorizationRequestPayload.client_metadata ?? {}
      const thumbprint = jwks && Buffer.from(await calculateJwkThumbprint(jwks.keys[0]), 'base64url').toString('hex')
      return {
        parameters: resolved.authorizationRequestPayload,
        client: { prefix, identifier, effective },
        version: resolved.version,
        thumbprint,
      }
    } catch (error) {
      if (asked.order && asked.fetched === undefined && !asked.over) return { order: asked.order }
      throw error
    }
  },

  // for each credential query that is answered: which card, and which claims
  choose: ({ query, cards }) => {
    const parsed = DcqlQuery.parse(query)
    DcqlQuery.validate(parsed)
    const result = DcqlQuery.query(parsed, cards)
    if (!result.can_be_satisfied) throw new Error('nothing fits')
    const names = result.credential_sets?.flatMap((one) => one.matching_options?.[0] ?? []) ?? parsed.credentials.map((one) => one.id)
    return Object.fromEntries(
      names.map((name) => {
        const [{ input_credential_index, claims }] = result.credential_matches[name].valid_credentials
        const chosen = claims.valid_claim_sets[0].valid_claim_indexes ?? []
        const asked = parsed.credentials.find((one) => one.id === name)
        return [name, { card: input_credential_index, paths: chosen.map((k) => asked.claims[k].path) }]
      })
    )
  },

  // what the library posts, and what comes back
  answer: async (asked) => {
    const { tokens, enc, apu } = asked
    const parameters = { ...asked.parameters, ...asked.changed }
    const jarm = parameters.response_mode === 'direct_post.jwt' && {
      encryption: { nonce: apu },
      serverMetadata: {
        authorization_encryption_alg_values_supported: ['ECDH-ES'],
        authorization_encryption_enc_values_supported: [enc],
      },
    }
    const made = await wallet(asked).createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: parameters,
      authorizationResponsePayload: { vp_token: tokens, ...asked.more },
      ...(jarm && { jarm }),
    })
    asked.fetched ??= '{}'
    const { response } = await wallet(asked).submitOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: parameters,
      authorizationResponsePayload: made.authorizationResponsePayload,
      jarm: made.jarm,
    })
    return { order: asked.order, status: response.status, said: await response.text() }
  },

  // -- a verifier -----------------------------------------------------------------------------------------------------

  // {link, object?}: signed where there is a chain
  ask: async (asked) => {
    const { parameters, x5c, request_uri, aud, now, wallet_nonce } = asked
    const made = await verifier(asked).createOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: parameters,
      ...(wallet_nonce && { wallet: { expectedNonce: wallet_nonce } }),
      ...(x5c && {
        jar: {
          jwtSigner: { method: 'x5c', x5c, alg: 'ES256' },
          requestUri: request_uri,
          expiresInSeconds: 300,
          additionalJwtPayload: aud && { aud },
        },
      }),
    })
    return { link: made.authorizationRequest, object: made.jar?.authorizationRequestJwt }
  },

  read: async (asked) => {
    const said = await verifier(asked).parseOpenid4vpAuthorizationResponse({
      authorizationResponse: form(asked.body),
      authorizationRequestPayload: asked.parameters,
      callbacks: callbacks(asked),
    })
    const header = said.jarm && object(form(asked.body).response.split('.')[0])
    return { presentations: said.dcql.presentations, type: said.jarm?.type, header }
  },

  // what a credential query asked, against what is in the presentations
  satisfied: ({ query, shown }) => {
    const parsed = DcqlQuery.parse(query)
    const result = DcqlPresentationResult.fromDcqlPresentation(shown, { dcqlQuery: parsed })
    return result.can_be_satisfied
  },

  // -- a verifier over HTTP -------------------------------------------------------------------------------------------

  // the address where it listens
  listen: async () => {
    if (!listening.listening) await new Promise((done) => listening.listen(0, '127.0.0.1', done))
    listening.unref()
    return (desk.address = `http://127.0.0.1:${listening.address().port}`)
  },

  // the link to a request that it publishes; `key` signs, and `opens` opens the answer
  publish: async (asked) => {
    setGlobalConfig({ allowInsecureUrls: true })
    desk.taken = undefined
    desk.asked = { parameters: asked.parameters, key: asked.opens }
    desk.object = async ({ wallet_nonce }) =>
      (await calls.ask({ ...asked, wallet_nonce, parameters: { ...asked.parameters, ...(wallet_nonce && { wallet_nonce }) } })).object
    return (await calls.ask(asked)).link
  },
  taken: () => desk.taken,
}

await serve(calls)
