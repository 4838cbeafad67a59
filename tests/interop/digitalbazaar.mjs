// @digitalbazaar/vc with its eddsa suites. Contexts and controller documents are those that are handed over, and did:key.

import * as vc from '@digitalbazaar/vc'
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey'
import canonicalize from 'canonicalize'
import jsonld from 'jsonld'
import { contexts as CREDENTIALS } from '@digitalbazaar/credentials-context'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import * as jcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite'
import * as rdfc from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import { serve } from './oracle.mjs'

const SUITES = {
  'eddsa-jcs-2022': { sign: jcs.createSignCryptosuite, verify: jcs.createVerifyCryptosuite },
  'eddsa-rdfc-2022': { sign: () => rdfc.cryptosuite, verify: () => rdfc.cryptosuite },
}
const V2 = 'https://www.w3.org/ns/credentials/v2'

function controller(did) {
  const id = `${did}#${did.slice('did:key:'.length)}`
  const publicKeyMultibase = did.slice('did:key:'.length)
  const method = { '@context': 'https://w3id.org/security/multikey/v1', id, type: 'Multikey', controller: did, publicKeyMultibase }
  const relations = { assertionMethod: [id], authentication: [id] }
  return { '@context': 'https://www.w3.org/ns/did/v1', id: did, verificationMethod: [method], ...relations }
}

const loader = (documents) => (url) => {
  const [whole, fragment] = url.split('#')
  const known = { [V2]: CREDENTIALS.get(V2), ...documents }
  const document = whole.startsWith('did:key:') ? controller(whole) : known[whole]
  if (!document) throw new Error(`not known here: ${url}`)
  const method = fragment && document.verificationMethod.find((one) => one.id === url)
  return { contextUrl: null, documentUrl: url, document: method || document, tag: 'static' }
}

async function signing({ suite, key, date }) {
  const pair = await Ed25519Multikey.from({ '@context': 'https://w3id.org/security/multikey/v1', type: 'Multikey', ...key })
  return new DataIntegrityProof({ signer: pair.signer(), cryptosuite: SUITES[suite].sign(), date })
}
const verifying = ({ suite }) => new DataIntegrityProof({ cryptosuite: SUITES[suite].verify() })

function settled({ verified, error }) {
  if (verified) return null
  const causes = (error?.errors ?? []).map((one) => one.cause?.message ?? one.message)
  throw new Error([error?.message, ...causes].join(' | '))
}

await serve({
  canonize: ({ document, documents }) =>
    jsonld.canonize(document, {
      algorithm: 'RDFC-1.0',
      format: 'application/n-quads',
      documentLoader: loader(documents),
      base: null,
      safe: true,
    }),

  jcs: ({ document }) => canonicalize(document),

  issue: async ({ credential, documents, now, ...how }) =>
    vc.issue({ credential, suite: await signing(how), documentLoader: loader(documents), now }),

  verifyCredential: async ({ credential, documents, now, ...how }) =>
    settled(await vc.verifyCredential({ credential, suite: verifying(how), documentLoader: loader(documents), now })),

  present: async ({ credential, holder, challenge, domain, documents, now, ...how }) => {
    const presentation = vc.createPresentation({ verifiableCredential: [credential], holder, now })
    const suite = await signing(how)
    return vc.signPresentation({ presentation, suite, challenge, domain, documentLoader: loader(documents) })
  },

  verify: async ({ presentation, challenge, domain, documents, now, ...how }) => {
    const asked = { presentation, challenge, domain, suite: verifying(how), documentLoader: loader(documents), now }
    const said = await vc.verify(asked)
    const inner = (said.credentialResults ?? []).find((one) => !one.verified)
    if (inner) settled(inner)
    return settled(said)
  },
})
