/** A piece of a source line and how to colour it. */
export interface Token {
  kind: "plain" | "key" | "string" | "number" | "comment";
  text: string;
}

const KEYWORDS = new Set(
  (
    "and as assert async await break case catch class const continue def defer del do dyn elif else enum except export extends extension false False final finally fn for from fun func function guard " +
    "if impl implements import in init interface internal is lambda let loop match mod move mut new nil None not null object open or override package pass private protected protocol pub public raise ref return " +
    "self Self static struct super suspend switch this throw throws trait true True try type typeof undefined unsafe use val var void when where while with yield"
  ).split(" "),
);

const PATTERN = /(\/\/.*|\/\*.*?\*\/)|(#.*)|("(?:\\.|[^"\\])*"?|`(?:\\.|[^`\\])*`?)|('(?:\\.|[^'\\])*')|([A-Za-z_$][\w$]*)|(\b\d[\w.]*)/g;

/**
 * Tokens of one line, without knowledge of the lines around it: good enough to read by, never wrong in
 * a way that hides text. `#` starts a comment only where the language has such comments.
 */
export function highlight(line: string, language: string): Token[] {
  const hashComments = language === "python" || language === "ruby";
  const tokens: Token[] = [];
  const push = (kind: Token["kind"], text: string) => {
    if (text === "") return;
    const last = tokens.at(-1);
    if (last?.kind === kind) last.text += text;
    else tokens.push({ kind, text });
  };
  let at = 0;
  PATTERN.lastIndex = 0;
  for (let match = PATTERN.exec(line); match; match = PATTERN.exec(line)) {
    push("plain", line.slice(at, match.index));
    const [whole, slashes, hash, double, single, word, digits] = match;
    if ((slashes && !hashComments) || (hash && hashComments)) push("comment", whole);
    else if ((slashes && hashComments) || (hash && !hashComments)) {
      // Not a comment in this language: take the marker alone and go on behind it.
      const marker = hash ? 1 : 2;
      push("plain", whole.slice(0, marker));
      PATTERN.lastIndex = match.index + marker;
    } else if (double || single) push("string", whole);
    else if (word) push(KEYWORDS.has(word) ? "key" : "plain", whole);
    else if (digits) push("number", whole);
    at = PATTERN.lastIndex;
  }
  push("plain", line.slice(at));
  return tokens;
}
