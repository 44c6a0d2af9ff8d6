/**
 * `tetraship/rules`: the language of alert rules, in other programs: parse, print, and read whole documents.
 *
 * @example
 * import { parse, print } from 'tetraship/rules';
 *
 * const expression = parse('process_exec_process_binary =% "curl" and !(process_exec_process_uid = 0)');
 * console.log(print(expression)); // (process_exec_process_binary =% "curl" and !(process_exec_process_uid = 0))
 */

export type {
  Expression,
  NumericLeaf,
  NumericOperator,
  StringLeaf,
  StringOperator,
} from '../../rules/ast.ts';
/** One rules file, or a folder of them, checked; throws a TetrashipError that names every problem with its place. */
export { loadRules } from '../../rules/load.ts';
/** From text to tree; `ExpressionError` says where it stops being an expression, `formatError` shows it. */
export { ExpressionError, formatError, parse } from '../../rules/parse.ts';
/** From tree to text, which `parse` reads as the same tree. */
export { print } from '../../rules/print.ts';
export type { Rule, RuleSet, Target } from '../../rules/ruleset.ts';
