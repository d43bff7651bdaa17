// How people are called: without the kind of credentials that they came with, `user:ana` is ana.

export function nameOf(who: string): string {
  return who.slice(who.indexOf(":") + 1);
}
