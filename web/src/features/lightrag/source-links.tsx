import { Text, UnstyledButton } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { safeUrl } from "../../lib/safe-url";
import { isolated } from "../../lib/visible";
import { Kind, systemTitle } from "./kinds";
import classes from "./source.module.css";
import type { LinkedDocument } from "./types";

interface LinksProps {
  links: LinkedDocument[];
  onRecord: (type: string, id: string) => void;
}

/** Documents that belong to this one, each with the reason why. */
export function Links({ links, onRecord }: LinksProps) {
  const { t } = useTranslation();
  if (links.length === 0) return null;
  return (
    <section className={classes.links} aria-label={t("source.links")}>
      <h3>{t("source.links")}</h3>
      <ul>
        {links.map((link) => (
          <li key={`${link.type} ${link.id} ${link.relation}`}>
            <LinkedTo link={link} onRecord={onRecord} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function LinkedTo({ link, onRecord }: { link: LinkedDocument; onRecord: LinksProps["onRecord"] }) {
  const { t } = useTranslation();
  const url = safeUrl(link.url);
  const system = systemTitle(link.type);
  const title = link.title ?? t("source.numbered", { id: link.id });
  return (
    <>
      <div className={classes.linked}>
        <UnstyledButton className={classes.door} onClick={() => onRecord(link.type, link.id)}>
          <bdi>{title}</bdi>
        </UnstyledButton>
        {url !== null && system !== null && (
          <a href={url} target="_blank" rel="noopener noreferrer" aria-label={t("source.openNamed", { what: title, system })}>
            <IconExternalLink size={14} aria-hidden />
          </a>
        )}
      </div>
      <Text fz="xs" c="dimmed">
        <Kind type={link.type} /> · {t(`source.relation.${link.relation}`, { reason: isolated(link.reason) })}
      </Text>
    </>
  );
}
