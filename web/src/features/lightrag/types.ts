/** What the Ask page is told by the server, and what it asks for. */
import type { Schema } from "../../api/client";

export type Answer = Schema["AnswerView"];
export type Case = Schema["CaseView"];
export type CaseStatus = Case["status"];
export type Citation = Schema["CitationView"];
export type Column = Schema["ColumnView"];
export type Documents = Schema["DocumentCounts"];
export type EmbeddingSet = Schema["EmbeddingSetView"];
export type Explain = Schema["ExplainView"];
export type FeedbackReason = NonNullable<Schema["FeedbackInput"]["reason"]>;
export type FilterChoice = Schema["EntityView"];
export type Filters = Partial<Schema["FiltersInput"]>;
export type Fused = Schema["FusedView"];
export type ListName = keyof Schema["RanksView"];
export type Row = Schema["TableRowView"];
export type Run = Schema["QuerySummaryView"];
export type Sentence = Schema["SentenceView"];
export type Source = Schema["SourceView"];
export type SourceRecord = Schema["SourceRecordView"];
export type LinkedDocument = Schema["LinkView"];
export type SourceType = Citation["source_type"];
export type Status = Schema["StatusView"];
export type System = keyof Status["sources"];
export type Table = Schema["TableView"];

/** A question; what it does not say is as the server takes it to be. */
export interface Question {
  question: string;
  filters?: Filters;
  history?: string[];
  explain?: boolean;
}
