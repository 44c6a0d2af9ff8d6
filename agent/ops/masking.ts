/** Secrets out of text that leaves the agent, whatever they got into it by. */

export const HIDDEN = '[hidden]';
/** A shorter secret would hide half of every line, and is no secret. */
const MIN_SECRET_CHARACTERS = 4;

/** Also as they stand in JSON. */
export function masked(text: string, secrets: readonly string[]): string {
  for (const secret of secrets) {
    if (secret.length < MIN_SECRET_CHARACTERS) continue;
    text = text.replaceAll(secret, HIDDEN);
    const quoted = JSON.stringify(secret).slice(1, -1);
    if (quoted !== secret) text = text.replaceAll(quoted, HIDDEN);
  }
  return text;
}
