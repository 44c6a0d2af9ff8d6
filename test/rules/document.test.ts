import Ajv from 'ajv';
import { describe, expect, test } from 'vitest';
import { TetrashipError } from '../../agent/errors.ts';
import { MAX_EXPRESSION_CHARS, MAX_MESSAGE_BYTES, MAX_RULES } from '../../agent/limits.ts';
import { parseDocument } from '../../rules/document.ts';
import type { Rule, RuleSet } from '../../rules/ruleset.ts';
import schema from '../../rules/schema.json' with { type: 'json' };

const ENDPOINT = 'https://hooks.example.com/x';
/** What a target says of nothing. */
const PLAIN = {
  headers: {},
  skipTlsCheck: false,
  tls: { ca: undefined, cert: undefined, key: undefined },
  timeoutMs: undefined,
};

function alert(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'wget_command',
    message: 'wget in {pod}',
    rule: { type: 'composite', config: 'binary =% "/wget"' },
    targets: [{ type: 'webhook', endpoint: ENDPOINT }],
    ...changes,
  };
}

function load(...alerts: unknown[]): RuleSet {
  return parseDocument(JSON.stringify({ version: 'v1', alerts }), 'rules.json');
}

function first(changes: Record<string, unknown>): Rule {
  const [rule] = load(alert(changes)).rules;
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

function withTarget(target: Record<string, unknown>): Record<string, unknown> {
  return alert({ targets: [{ type: 'webhook', endpoint: ENDPOINT, ...target }] });
}

function withConfig(type: string, config: unknown): Record<string, unknown> {
  return alert({ rule: { type, config } });
}

function faultOfText(text: string): string {
  try {
    parseDocument(text, 'rules.json');
  } catch (error) {
    expect(error).toBeInstanceOf(TetrashipError);
    if (error instanceof TetrashipError) {
      expect(error.code).toBe('RULES');
      expect(error.exitCode).toBe(78);
      return error.message;
    }
  }
  return 'no fault';
}

function faultOf(...alerts: unknown[]): string {
  return faultOfText(JSON.stringify({ version: 'v1', alerts }));
}

describe('good documents', () => {
  test('a composite rule with defaults', () => {
    expect(load(alert()).rules).toEqual([
      {
        name: 'wget_command',
        id: undefined,
        message: 'wget in {pod}',
        targets: [
          {
            type: 'webhook',
            endpoint: ENDPOINT,
            ...PLAIN,
            repeat: { intervalMs: 200_000, times: 5 },
            format: 'text',
            method: 'POST',
          },
        ],
        source: 'rules.json',
        enabled: true,
        severity: undefined,
        labels: {},
        annotations: {},
        groupBy: [],
        window: undefined,
        cooldownMs: 0,
        includeEvent: false,
        maxPerMinute: Number.POSITIVE_INFINITY,
        kind: 'composite',
        expression: { string: { column: 'binary', operator: 'contains', value: '/wget' } },
        repeats: 1,
      },
    ]);
  });

  test('column rules: the value decides the kind, and the default operator', () => {
    const config = (config: unknown): unknown => {
      const { kind, expression, repeats } = first({ rule: { type: 'column', config } });
      return { kind, expression, repeats };
    };
    expect(config({ column: 'uid', value: 0 })).toEqual({
      kind: 'column',
      expression: { numeric: { column: 'uid', operator: 'equalTo', value: 0 } },
      repeats: 1,
    });
    expect(config({ column: 'b', value: 'x', repeats: 3 })).toEqual({
      kind: 'column',
      expression: { string: { column: 'b', operator: 'contains', value: 'x' } },
      repeats: 3,
    });
    expect(config({ column: 'b.c/d', operator: '!=', value: 'x', ignoreCase: true })).toEqual({
      kind: 'column',
      expression: { string: { column: 'b.c/d', operator: 'notExact', value: 'x', ignoreCase: true } },
      repeats: 1,
    });
    expect(config({ column: 'uid', operator: 'greaterThanEquals', value: 1.5, ignoreCase: null })).toEqual({
      kind: 'column',
      expression: { numeric: { column: 'uid', operator: 'greaterThanEquals', value: 1.5 } },
      repeats: 1,
    });
  });

  test('an expression may be parsed already, with either spelling of an operator', () => {
    const config = {
      and: [
        { numeric: { column: 'a', operator: '>', value: 5 } },
        { not: { string: { column: 'b', value: 'x' } } },
        {
          or: [
            { string: { column: 'c', operator: 'regex', value: '^x' } },
            { numeric: { column: 'd', value: 1 } },
          ],
        },
      ],
    };
    expect(first({ rule: { type: 'composite', config } }).expression).toEqual({
      and: [
        { numeric: { column: 'a', operator: 'greaterThan', value: 5 } },
        { not: { string: { column: 'b', operator: 'contains', value: 'x' } } },
        {
          or: [
            { string: { column: 'c', operator: 'regex', value: '^x' } },
            { numeric: { column: 'd', operator: 'equalTo', value: 1 } },
          ],
        },
      ],
    });
  });

  test('targets', () => {
    const targets = [
      {
        type: 'webhook',
        endpoint: ENDPOINT,
        headers: { 'X-Key': 'ä 1' },
        skip_tls_check: true,
        repeat: { times: 2 },
      },
      { type: 'slack', endpoint: ENDPOINT, repeat: { interval: '1h 30m' } },
      { type: 'alertmanager', endpoint: ENDPOINT, username: 'u', password: 'p', repeat: null },
      { type: 'alertmanager', endpoint: ENDPOINT, repeat: { interval: null, times: 3 } },
    ];
    expect(first({ targets }).targets).toEqual([
      {
        type: 'webhook',
        endpoint: ENDPOINT,
        ...PLAIN,
        headers: { 'X-Key': 'ä 1' },
        skipTlsCheck: true,
        repeat: { intervalMs: 200_000, times: 2 },
        format: 'text',
        method: 'POST',
      },
      { type: 'slack', endpoint: ENDPOINT, ...PLAIN, repeat: { intervalMs: 5_400_000, times: 5 } },
      {
        type: 'alertmanager',
        endpoint: ENDPOINT,
        ...PLAIN,
        credentials: { username: 'u', password: 'p' },
        repeat: { intervalMs: 200_000, times: Number.POSITIVE_INFINITY },
      },
      {
        type: 'alertmanager',
        endpoint: ENDPOINT,
        ...PLAIN,
        credentials: undefined,
        repeat: { intervalMs: 200_000, times: 3 },
      },
    ]);
  });

  test('odds and ends', () => {
    expect(load().rules).toEqual([]);
    expect(first({ targets: [], id: 'x' }).id).toBe('x');
    expect(parseDocument('\uFEFF{"$schema":"s","version":"v1","alerts":[]}', 'f').rules).toEqual([]);
  });
});

describe('problems', () => {
  const problems: [string, unknown, string][] = [
    [
      'not a URL',
      withTarget({ endpoint: 'webhook.site_custom_endpoint' }),
      'rules.json: alerts[0].targets[0].endpoint: "webhook.site_custom_endpoint" is not a URL: an endpoint is an http:// or https:// address such as https://hooks.example.com/x (rule "wget_command", target 1)',
    ],
    [
      'other scheme',
      withTarget({ endpoint: 'ftp://a:secret@h/' }),
      'endpoint: "ftp://…@h/" is not an http URL',
    ],
    [
      'no endpoint',
      alert({ targets: [{ type: 'slack' }] }),
      'alerts[0].targets[0].endpoint: is missing: an endpoint is',
    ],
    [
      'no type',
      alert({ targets: [{ endpoint: ENDPOINT }] }),
      'alerts[0].targets[0].type: is missing: the type of a target',
    ],
    [
      'unknown type',
      withTarget({ type: 'pager' }),
      '"pager" is not the type of a target: known are webhook, slack, alertmanager',
    ],
    [
      'unknown key',
      withTarget({ endpiont: 'x' }),
      'targets[0].endpiont: is an unknown key: did you mean endpoint? known here are type, endpoint, headers',
    ],
    [
      'key of another type',
      alert({ targets: [{ type: 'slack', endpoint: ENDPOINT, headers: {} }] }),
      'targets[0].headers: is an unknown key',
    ],
    [
      'interval',
      withTarget({ repeat: { interval: '10 parsec' } }),
      'repeat.interval: "10 parsec" is not a duration ("parsec" is not a unit',
    ],
    ['short interval', withTarget({ repeat: { interval: '1ms' } }), '"1ms" is shorter than 100ms'],
    ['long interval', withTarget({ repeat: { interval: '9y' } }), '"9y" is longer than a year'],
    [
      'interval as number',
      withTarget({ repeat: { interval: 10 } }),
      'repeat.interval: 10 is not a string: a duration such as',
    ],
    ['times', withTarget({ repeat: { times: 0 } }), 'repeat.times: 0 is less than 1: how often'],
    ['half a time', withTarget({ repeat: { times: 1.5 } }), 'repeat.times: 1.5 is not a whole number'],
    [
      'unknown repeat key',
      withTarget({ repeat: { every: '1s' } }),
      'repeat.every: is an unknown key: known here are interval, times',
    ],
    [
      'header with a line end',
      withTarget({ headers: { a: 'x\r\nHost: y' } }),
      'headers.a: this value holds a character that no header may hold',
    ],
    ['header name', withTarget({ headers: { 'a b': 'x' } }), '"a b" is not the name of a header'],
    [
      'reserved header',
      withTarget({ headers: { 'Content-Length': '5' } }),
      '"Content-Length" is a header that only the agent sets',
    ],
    [
      'username alone',
      alert({ targets: [{ type: 'alertmanager', endpoint: ENDPOINT, username: 'u' }] }),
      '"username" needs "password" beside it',
    ],
    [
      'expression',
      withConfig('composite', 'a = 5 AND b = 6'),
      'alerts[0].rule.config: is not an expression (rule "wget_command"): line 1, column 7: expected "and"',
    ],
    [
      'bad regex',
      withConfig('composite', 'a ~ "(x"'),
      'line 1, column 5: bad regular expression: missing closing )',
    ],
    [
      'bad regex in a column rule',
      withConfig('column', { column: 'a', operator: '~', value: '(x' }),
      'rule.config.value: bad regular expression: missing closing )',
    ],
    [
      'bad regex in a tree',
      withConfig('composite', { not: { string: { column: 'a', operator: 'regex', value: '*' } } }),
      'rule.config.not.string.value: bad regular expression',
    ],
    [
      'config of another kind',
      withConfig('composite', 5),
      'rule.config: 5 is not a string or an object: an expression such as',
    ],
    [
      'column rule as text',
      withConfig('column', 'a = 5'),
      'rule.config: "a = 5" is not an object: a column rule is an object',
    ],
    [
      'no column',
      withConfig('column', { value: 5 }),
      'rule.config.column: is missing: a column of the flattened event',
    ],
    [
      'operator for strings',
      withConfig('column', { column: 'a', operator: '=%', value: 5 }),
      '"=%" is not an operator that compares numbers: known are =, !=',
    ],
    [
      'operator for numbers',
      withConfig('column', { column: 'a', operator: '>', value: '5' }),
      '">" is not an operator that compares strings',
    ],
    [
      'boolean value',
      withConfig('column', { column: 'a', value: true }),
      'rule.config.value: true is not a number or a string',
    ],
    [
      'repeats',
      withConfig('column', { column: 'a', value: 5, repeats: 0 }),
      'rule.config.repeats: 0 is less than 1',
    ],
    [
      'repeats of a composite rule',
      withConfig('composite', { and: [], repeats: 1 }),
      'rule.config.repeats: is an unknown key',
    ],
    ['empty and', withConfig('composite', { and: [] }), 'rule.config.and: is empty: a list of expressions'],
    [
      'two in one',
      withConfig('composite', { and: [{ not: {} }], or: [] }),
      'rule.config: has more than one key: an expression is an object with exactly one of',
    ],
    [
      'empty expression',
      withConfig('composite', { not: {} }),
      'rule.config.not: is empty: an expression is an object with',
    ],
    [
      'unknown rule type',
      withConfig('sql', 'x'),
      '"sql" is not the type of a rule: known are composite, column',
    ],
    [
      'name with a line end',
      alert({ name: 'a\nb' }),
      'name: "a\\nb" holds a control character: a name is one line of text',
    ],
    ['no name', alert({ name: '' }), 'alerts[0].name: is empty'],
    ['no message', alert({ message: undefined }), 'alerts[0].message: is missing: a message is text'],
    ['no alert', 7, 'alerts[0]: 7 is not an object: an alert is an object with'],
    ['lone surrogate', alert({ message: '\ud800' }), 'rules.json: a string holds half a surrogate pair'],
    ['no repetition beyond names', alert({ name: 5 }), 'alerts[0].name: 5 is not a string'],
  ];
  test.each(problems)('%s', (_, input, want) => {
    expect(faultOf(input)).toContain(want);
  });

  test('names are unique', () => {
    expect(faultOf(alert(), alert({ name: 'other' }), alert())).toBe(
      'cannot use the rules: rules.json: alerts[2].name: "wget_command" is the name of alerts[0] of rules.json too: every rule needs its own',
    );
  });

  test('all problems at once, each in its line', () => {
    const message = faultOf(
      alert({ name: 'a', message: 5, rule: { type: 'composite', config: 'a\n= b' } }),
      alert({ targets: 1 }),
      {},
    );
    expect(message.split('\n')).toEqual([
      'cannot use the rules: 7 problems',
      expect.stringContaining('  rules.json: alerts[0].message: 5 is not'),
      expect.stringContaining(
        '  rules.json: alerts[0].rule.config: is not an expression (rule "a"): line 2, column 3',
      ),
      '      = b',
      '        ^',
      expect.stringContaining('  rules.json: alerts[1].targets: 1 is not a list'),
      expect.stringContaining('  rules.json: alerts[2].name: is missing'),
      expect.stringContaining('  rules.json: alerts[2].message: is missing'),
      expect.stringContaining('  rules.json: alerts[2].rule: is missing'),
      expect.stringContaining('  rules.json: alerts[2].targets: is missing'),
    ]);
  });

  test('problems of the top', () => {
    const json: [string, string][] = [
      ['', 'line 1, column 1: unexpected end'],
      ['{"version":"v1",\n"alerts":[}', "line 2, column 11: unexpected token '}'"],
      ['{"version":"v1"\n"alerts":[]}', "line 2, column 1: expected ',' or '}' after property value"],
      ['{"a":"x\ny"}', 'line 1, column 8: bad control character in string literal'],
      ['{"a":"secret","b":nope}', "line 1, column 20: unexpected token 'o'"],
      ['[1,', 'line 1, column 4: unexpected end'],
      ['[]]', 'line 1, column 3: unexpected non-whitespace character'],
      ['\u001b[31m', "line 1, column 1: unexpected token '?'"],
    ];
    for (const [text, want] of json) {
      expect(faultOfText(text), text).toBe(
        `cannot use the rules: rules.json: the document is not JSON: ${want}`,
      );
    }
    expect(faultOfText('[]')).toContain('the document: a list is not an object: a rules document is');
    expect(faultOfText('{"version":"v2","alerts":[]}')).toContain('version: "v2" is not known');
    expect(faultOfText('{"version":"v1","alerts":[],"tetrship":{}}')).toContain(
      'tetrship: is an unknown key: did you mean tetraship? known here are',
    );
  });
});

describe('hostile documents', () => {
  test('10,000 rules', () => {
    const alerts = Array.from({ length: MAX_RULES }, (_, index) => alert({ name: `rule ${index}` }));
    expect(load(...alerts).rules).toHaveLength(MAX_RULES);
    expect(faultOf(...alerts, alert())).toContain('alerts: has more than 10000 members');
  });

  test('10,000 bad rules', () => {
    const message = faultOf(...new Array<unknown>(MAX_RULES).fill(withTarget({ endpoint: 'x', a: 1 })));
    expect(message).toContain('more than 20 problems');
    expect(message.split('\n')).toHaveLength(22);
  });

  test('depth', () => {
    const text = (depth: number): string =>
      JSON.stringify({ version: 'v1', alerts: [withConfig('composite', 0)] }).replace(
        '"config":0',
        `"config":${'{"not":'.repeat(depth)}{"numeric":{"column":"a","value":1}}${'}'.repeat(depth)}`,
      );
    expect(parseDocument(text(255), 'f').rules).toHaveLength(1);
    expect(faultOfText(text(256))).toContain(
      'rule.config: this nests more than 256 levels deep (rule "wget_command")',
    );
    expect(faultOfText(text(1_000))).toContain('the document nests more than 600 objects');
    expect(faultOfText('['.repeat(1_000_000))).toContain('the document nests more than 600 objects');
    expect(faultOfText(`"${'[{\\"'.repeat(1_000_000)}"`)).not.toContain('nests');
  });

  test('length', () => {
    const long = 'x'.repeat(1_000_000);
    expect(faultOf(alert({ message: long }))).toContain('message: is longer than 8192 characters');
    expect(faultOf(alert({ name: long }))).toContain('name: is longer than 256 characters');
    expect(faultOf(withConfig('composite', long))).toContain(
      'the expression is longer than 65536 characters',
    );
    expect(faultOf(withConfig('column', { column: 'a', value: long }))).toContain(
      'value: is longer than 65536',
    );
    expect(faultOf(withTarget({ endpoint: `http://h/${long}` }))).toContain('endpoint: is longer than 2048');
    expect(faultOf(withTarget({ [long]: 1 })).length).toBeLessThan(1_000);
    expect(faultOf(alert({ name: `${long}`, message: 1 })).length).toBeLessThan(2_000);
    expect(faultOfText(`"${'x'.repeat(17 * 1024 * 1024)}"`)).toContain('longer than 16777216 bytes');
  });

  test('a name that is not a name', () => {
    expect(faultOfText('{"version":"v1","alerts":[{"__proto__":{"name":1}}]}')).toContain(
      'alerts[0].__proto__: is an unknown key',
    );
  });
});

test('the schema stands alone, and its bounds are those of the agent', () => {
  const ajv = new Ajv.Ajv({
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
    validateFormats: false,
  });
  const validate = ajv.compile(schema);
  expect(validate({ version: 'v1', alerts: [alert()] })).toBe(true);
  expect(validate({ version: 'v1', alerts: [alert({ x: 1 })] })).toBe(false);
  const { alert: shape, stringComparison } = schema.definitions;
  expect(schema.properties.alerts.maxItems).toBe(MAX_RULES);
  expect(shape.properties.message.maxLength).toBe(MAX_MESSAGE_BYTES);
  expect(stringComparison.properties.value.maxLength).toBe(MAX_EXPRESSION_CHARS);
});
