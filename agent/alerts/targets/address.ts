/** What every request begins with: `https://user:password@host/path` is an address and a header. */

export interface Address {
  readonly url: string;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

const USER_AGENT = { 'user-agent': 'tetraship' };

export function addressOf(endpoint: string): Address {
  const url = new URL(endpoint);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  if (username === '' && password === '') return { url: url.href, headers: USER_AGENT };
  return { url: url.href, headers: { ...USER_AGENT, ...basic(decoded(username), decoded(password)) } };
}

export function basic(username: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

/** A stray `%` stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
