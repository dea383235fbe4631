import { memo } from "react";
import { highlight } from "./highlight";
import "./code.css";

/** Source lines with numbers; `at` is the line that failed. */
export const Source = memo(function Source({ lines, at, language }: { lines: [number, string][]; at?: number; language: string }) {
  const indent = commonIndent(lines.map(([, text]) => text));
  return (
    <div className="source" role="group" aria-label="Source code" tabIndex={0}>
      <table>
        <tbody>
          {lines.map(([number, text]) => (
            <tr key={number} className={number === at ? "at" : undefined} aria-current={number === at ? "true" : undefined}>
              <td className="number" aria-hidden="true">
                {number}
              </td>
              <td className="line">
                {highlight(text.slice(indent), language).map((token, index) => (
                  <span key={index} className={token.kind === "plain" ? undefined : `tok-${token.kind}`}>
                    {token.text}
                  </span>
                ))}
                {text.length <= indent && "\u200b"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
});

function commonIndent(lines: string[]): number {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  return indents.length ? Math.min(...indents) : 0;
}
