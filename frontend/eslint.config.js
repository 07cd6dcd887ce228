import js from '@eslint/js'
import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

const node = { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly', URLSearchParams: 'readonly', setTimeout: 'readonly', setInterval: 'readonly', clearInterval: 'readonly', fetch: 'readonly', document: 'readonly', window: 'readonly', crypto: 'readonly', localStorage: 'readonly', sessionStorage: 'readonly', getComputedStyle: 'readonly' }

export default tseslint.config(
  { ignores: ['dist', 'src/api/schema.gen.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['src/**/*.{ts,tsx}'],
    ...jsxA11y.flatConfigs.recommended,
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      'max-lines': ['error', 500],
      // What people wrote stays text.
      'no-restricted-syntax': ['error', { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'text stays text: let React write it' }],
    },
  },
  {
    // Rooms: `ui` knows nothing of the app; pure rooms know no React.
    files: ['src/ui/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['../api/*', '../components/*', '../pages/*', '../map/*', '../live/*', '../hold/*', '../i18n/*'] }] },
  },
  {
    files: ['src/live/protocol.ts', 'src/map/{plan,geometry,grid,palette,view}.ts', 'src/hold/{record,lease}.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: ['react', 'react-dom', '@tanstack/react-query'] }] },
  },
  { files: ['dev/**', 'e2e/**', '*.config.*'], languageOptions: { globals: node } },
)
