/** `fourlane/terminal`: charts for a terminal. */
export * from '../charts/terminal.ts'
