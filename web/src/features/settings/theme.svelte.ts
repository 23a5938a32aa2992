export type Theme = 'system' | 'light' | 'dark';
export const textSizes = [85, 100, 115, 130, 150] as const;
export type TextSize = (typeof textSizes)[number];

const dark = matchMedia('(prefers-color-scheme: dark)');

/** Theme and text size: kept on the device, shown on <html>. */
class Appearance {
  #theme = $state<Theme>('system');
  #size = $state<TextSize>(100);

  constructor() {
    const theme = localStorage.getItem('nyala.theme');
    if (theme === 'light' || theme === 'dark') this.#theme = theme;
    this.#size = textSizes.find((size) => String(size) === localStorage.getItem('nyala.textSize')) ?? 100;
    dark.addEventListener('change', () => { this.#show(); });
    this.#show();
  }

  get theme(): Theme { return this.#theme; }
  set theme(theme: Theme) {
    this.#theme = theme;
    localStorage.setItem('nyala.theme', theme);
    this.#show();
  }

  get textSize(): TextSize { return this.#size; }
  set textSize(size: TextSize) {
    this.#size = size;
    localStorage.setItem('nyala.textSize', String(size));
    this.#show();
  }

  #show(): void {
    const root = document.documentElement;
    root.dataset['theme'] = this.#theme === 'system' ? (dark.matches ? 'dark' : 'light') : this.#theme;
    if (this.#size === 100) root.style.removeProperty('font-size');
    else root.style.setProperty('font-size', `${this.#size}%`);
  }
}

export const appearance = new Appearance();
