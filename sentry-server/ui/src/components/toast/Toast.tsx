import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from "react";
import "./toast.css";

interface Message {
  text: string;
  bad?: boolean;
  action?: { label: string; run: () => void };
}

const Context = createContext<(message: Message) => void>(() => undefined);

export function useToast() {
  return useContext(Context);
}

/** One line at the bottom of the page; the newest replaces the last. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [message, setMessage] = useState<Message>();
  const show = useCallback((next: Message) => setMessage(next), []);
  useEffect(() => {
    if (!message) return;
    const timer = setTimeout(() => setMessage(undefined), 7000);
    return () => clearTimeout(timer);
  }, [message]);
  return (
    <Context value={show}>
      {children}
      <div className="toasts" aria-live="polite">
        {message && (
          <div className={message.bad ? "toast bad" : "toast"}>
            <span>{message.text}</span>
            {message.action && (
              <button
                type="button"
                onClick={() => {
                  message.action!.run();
                  setMessage(undefined);
                }}
              >
                {message.action.label}
              </button>
            )}
          </div>
        )}
      </div>
    </Context>
  );
}
