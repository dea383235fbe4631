/** A piece of a source line and how to colour it. */
export interface Token {
  kind: "plain" | "key" | "string" | "number" | "comment";
  text: string;
}

const KEYWORDS = new Set(
  (
    "and as assert async await break case catch class const continue def defer del do dyn elif else enum except export extends extension false False final finally fn for from fun func function guard " +
    "if impl implements import in interface internal is lambda let loop match mod move mut new nil None not null or override package pass private protected protocol pub public raise ref return " +
    "self Self static struct super suspend switch this throw throws trait true True try type typeof undefined unsafe use val var void when where while with yield"
  ).split(" "),
);

const COMMENT = /\/\/.*|\/\*.*?\*\//;
const HASH = /#.*/;
const STRING = /"(?:\\.|[^"\\])*"?|`(?:\\.|[^`\\])*`?/;
const QUOTED = /'(?:\\.|[^'\\])*'/;
/** Where a single quote also begins a lifetime or a label, only one character between two of them is a literal. */
const CHARACTER = /'(?:\\.[^']*|[^'\\])'/;
const WORD = /[A-Za-z_$][\w$]*/;
const NUMBER = /\b\d[\w.]*/;

function tokenizer(language: string): RegExp {
  const single = language === "native" || language === "rust" ? CHARACTER : QUOTED;
  return new RegExp([COMMENT, HASH, STRING, single, WORD, NUMBER].map((part) => `(${part.source})`).join("|"), "g");
}

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
  const pattern = tokenizer(language);
  let at = 0;
  for (let match = pattern.exec(line); match; match = pattern.exec(line)) {
    push("plain", line.slice(at, match.index));
    const [whole, slashes, hash, double, single, word, digits] = match;
    if ((slashes && !hashComments) || (hash && hashComments)) push("comment", whole);
    else if ((slashes && hashComments) || (hash && !hashComments)) {
      // Not a comment in this language: take the marker alone and go on behind it.
      const marker = hash ? 1 : 2;
      push("plain", whole.slice(0, marker));
      pattern.lastIndex = match.index + marker;
    } else if (double || single) push("string", whole);
    else if (word) push(KEYWORDS.has(word) ? "key" : "plain", whole);
    else if (digits) push("number", whole);
    at = pattern.lastIndex;
  }
  push("plain", line.slice(at));
  return tokens;
}
