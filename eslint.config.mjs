import js from '@eslint/js'
import tseslint from 'typescript-eslint'

const nodeGlobals = Object.fromEntries(
  [
    'require',
    'module',
    'process',
    'console',
    '__dirname',
    '__filename',
    'Atomics',
    'SharedArrayBuffer',
    'setTimeout',
    'clearTimeout',
  ].map((name) => [name, 'readonly']),
)

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'build-*/', 'node_modules/', 'prebuilds/'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,mts,cts}'],
    extends: [...tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // chai's `expect(x).to.be.true` is an expression
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  // There it is how TypeScript writes CommonJS.
  { files: ['**/*.cts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['**/*.{js,cjs}'], languageOptions: { sourceType: 'commonjs', globals: nodeGlobals } },
  {
    files: ['test/**/*.mjs'],
    languageOptions: {
      globals: {
        ...nodeGlobals,
        globalThis: 'readonly',
        setImmediate: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
  { rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error' } },
)
