// Home: what this project is, and what to do next.

export function HomePage() {
  return null;
}
