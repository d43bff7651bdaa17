// Who did something, as people call each other: users by their name alone.

const USER = "user:";

// `user:rita` is rita; a token or an account of the machine keeps what it is.
export function personOf(principal: string): string {
  return principal.startsWith(USER) ? principal.slice(USER.length) : principal.replace(":", " ");
}

export function isUser(principal: string, name: string): boolean {
  return principal === `${USER}${name}`;
}
