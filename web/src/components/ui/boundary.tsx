import { QueryErrorResetBoundary } from "@tanstack/react-query";
import { Component, type ReactNode, Suspense } from "react";

import { ProblemNote } from "./problem";

interface CatchProps {
  children: ReactNode;
  fallback: (error: Error, retry: () => void) => ReactNode;
  onReset: () => void;
}

class Catch extends Component<CatchProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  private readonly retry = () => {
    this.props.onReset();
    this.setState({ error: null });
  };

  override render() {
    const { error } = this.state;
    return error ? this.props.fallback(error, this.retry) : this.props.children;
  }
}

interface BoundaryProps {
  children: ReactNode;
  /** A skeleton of the final shape. */
  skeleton: ReactNode;
  fallback?: (error: Error, retry: () => void) => ReactNode;
}

/** The one place where a part of a page is loading or has failed. */
export function Boundary({ children, skeleton, fallback }: BoundaryProps) {
  return (
    <QueryErrorResetBoundary>
      {({ reset }) => (
        <Catch onReset={reset} fallback={fallback ?? plain}>
          <Suspense fallback={skeleton}>{children}</Suspense>
        </Catch>
      )}
    </QueryErrorResetBoundary>
  );
}

const plain = (error: Error, retry: () => void) => <ProblemNote error={error} onRetry={retry} />;
