import { useEffect, useState } from "react";

/** The present, renewed every `everyMs`, so that "12 seconds ago" stays true on an idle page. */
export function useNow(everyMs = 15_000): Date {
  const [now, setNow] = useState(() => new Date());

  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);

  return now;
}
