import { useEffect, useRef, useState } from "react";
import type { Issue, Status } from "../../api/types";

interface Actions {
  open: (issue: Issue) => void;
  pick: (issue: Issue) => void;
  act: (issue: Issue, status: Status) => void;
  search: () => void;
}

/** j/k/Enter and friends. The current row holds the real focus, so that screen readers follow. */
export function useListKeys(items: Issue[], actions: Actions): [number, (index: number) => void] {
  const [current, setCurrent] = useState(-1);
  const latest = useRef({ items, actions, current });
  latest.current = { items, actions, current };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const { items, actions, current } = latest.current;
      const move = (step: number) => {
        const next = Math.max(0, Math.min(items.length - 1, current < 0 ? 0 : current + step));
        setCurrent(next);
        document.querySelector<HTMLElement>(`[data-row="${next}"] a`)?.focus();
      };
      const issue = items[current];
      switch (event.key) {
        case "j":
          move(1);
          break;
        case "k":
          move(-1);
          break;
        case "/":
          actions.search();
          break;
        case "o":
          if (issue) actions.open(issue);
          break;
        case "x":
          if (issue) actions.pick(issue);
          break;
        case "e":
          if (issue) actions.act(issue, "resolved");
          break;
        case "i":
          if (issue) actions.act(issue, "ignored");
          break;
        default:
          return;
      }
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return [current, setCurrent];
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)) && (target as HTMLInputElement).type !== "checkbox";
}
