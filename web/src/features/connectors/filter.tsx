import { Select } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";

import page from "../../components/ui/page.module.css";
import type { Connector, Place } from "./place";
import { readPlace } from "./place";

interface FilterProps {
  label: string;
  /** The words for no choice; without them there is always one. */
  any?: string;
  value: string | undefined;
  data: { value: string; label: string }[];
  onChoose: (value: string | null) => void;
}

export function Filter({ label, any, value, data, onChoose }: FilterProps) {
  return (
    <Select
      aria-label={label}
      {...(any !== undefined && { placeholder: any })}
      clearable={any !== undefined}
      allowDeselect={any !== undefined}
      searchable={data.length > 10}
      className={page.filter ?? ""}
      value={value ?? null}
      onChange={onChoose}
      data={data}
    />
  );
}

/** Change a part of the address; the rest of it stays. */
export function useTurn(connector: Connector, place: Place) {
  const navigate = useNavigate();
  return (part: keyof Place, value: string | boolean | null) => {
    const search = readPlace({ ...place, [part]: value ?? undefined });
    void navigate({ to: "/connectors/$connector", params: { connector }, search, resetScroll: false });
  };
}
