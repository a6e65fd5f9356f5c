/** Light or dark: as the system says, until the user does. */
import { forgetTheme } from './colours.ts'
import { button } from './dom.ts'

export function themeButton(restyle: () => void): HTMLButtonElement {
  const root = document.documentElement
  const stored = localStorage.getItem('theme')
  if (stored === 'light' || stored === 'dark') root.dataset.theme = stored
  forgetTheme()
  const system = matchMedia('(prefers-color-scheme: dark)')
  const isDark = () => (root.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark'
  const made = button('', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark'
    localStorage.setItem('theme', root.dataset.theme)
    forgetTheme()
    name()
    restyle()
  })
  const name = () => {
    made.textContent = isDark() ? 'Light' : 'Dark'
    made.setAttribute('aria-label', isDark() ? 'Light theme' : 'Dark theme')
  }
  system.addEventListener('change', () => {
    forgetTheme()
    name()
    restyle()
  })
  name()
  return made
}
