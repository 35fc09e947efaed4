import { visible } from "../../lib/visible";

/** Text from outside, in its own direction: it cannot reorder our words around it. */
export const Said = ({ children }: { children: string }) => <bdi>{visible(children)}</bdi>;
