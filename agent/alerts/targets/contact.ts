/** How a target is reached: its address and headers, with the secrets in them as they are now. */

import type { TargetCommon } from '../../../rules/ruleset.ts';
import type { Address } from '../notification.ts';
import { SecretText } from '../secret-text.ts';

const USER_AGENT = 'tetraship';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** RFC 9110's field value, for what a secret brings. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export class Contact {
  readonly #endpoint: SecretText;
  readonly #headers: readonly (readonly [name: string, value: SecretText])[];
  readonly #username: SecretText | undefined;
  readonly #password: SecretText | undefined;
  readonly #contentType: string;
  /** The last one made, and of which endpoint; for a target without references the only one. */
  #address: Address | undefined;
  readonly #isConstant: boolean;

  constructor(target: TargetCommon, contentType: string, credentials?: Credentials) {
    this.#endpoint = new SecretText(target.endpoint);
    this.#headers = Object.entries(target.headers).map(([name, value]) => [name, new SecretText(value)]);
    this.#username = credentials && new SecretText(credentials.username);
    this.#password = credentials && new SecretText(credentials.password);
    this.#contentType = contentType;
    this.#address = undefined;
    const texts = [
      this.#endpoint,
      this.#username,
      this.#password,
      ...this.#headers.map(([, value]) => value),
    ];
    this.#isConstant = texts.every((text) => text?.isConstant ?? true);
  }

  /** @throws {Error} when a secret cannot be read, or is none; the message holds no secret */
  address(): Address {
    if (this.#address !== undefined && this.#isConstant) return this.#address;
    this.#address = this.#make();
    return this.#address;
  }

  #make(): Address {
    const url = URL.parse(this.#endpoint.read());
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new Error('the endpoint that its secrets make is no http:// or https:// address');
    }
    const { origin, pathname, search, username, password } = url;
    const headers: Record<string, string> = {
      'content-type': this.#contentType,
      'user-agent': USER_AGENT,
    };
    if (username !== '' || password !== '')
      headers['authorization'] = basic(decoded(username), decoded(password));
    if (this.#username !== undefined && this.#password !== undefined) {
      headers['authorization'] = basic(this.#username.read(), this.#password.read());
    }
    for (const [name, text] of this.#headers) {
      const value = text.read();
      if (!HEADER_VALUE.test(value))
        throw new Error(`the secret in the header ${name} holds what no header may`);
      // The rule's own spelling and value win over ours.
      delete headers[name.toLowerCase()];
      headers[name] = value;
    }
    return { origin, path: pathname + search, headers };
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** A stray `%` stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
