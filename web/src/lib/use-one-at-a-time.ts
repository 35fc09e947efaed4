import { useMutation, type UseMutationOptions } from "@tanstack/react-query";
import { useRef } from "react";

/** A change that is not sent again while it is on its way: two clicks may come before one render. */
export function useOneAtATime<Data, Sent = void>(options: UseMutationOptions<Data, Error, Sent>) {
  const underWay = useRef(false);
  const mutation = useMutation({
    ...options,
    onSettled: (...told) => {
      underWay.current = false;
      return options.onSettled?.(...told);
    },
  });
  const mutate: typeof mutation.mutate = (...sent) => {
    if (underWay.current) return;
    underWay.current = true;
    mutation.mutate(...sent);
  };
  return { ...mutation, mutate };
}
