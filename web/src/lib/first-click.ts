/** A handler that hears only the first click of a double click: the second was not meant. */
export const firstClick =
  (act: () => void) =>
  ({ detail }: { detail: number }) => {
    if (detail < 2) act();
  };
