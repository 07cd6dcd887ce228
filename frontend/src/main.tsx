import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './api/client'
import { App } from './App'
import { Challenged } from './components/Challenged'
import { Safety } from './components/Trouble'
import { Speaking, firstLanguage } from './i18n'
import './styles/tokens.css'
import './styles/base.css'

const RETRIES_MAX = 3
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // A refusal is an answer; only what may come out otherwise is asked again.
      retry: (count, error) => count < RETRIES_MAX && (!(error instanceof Problem) || error.status >= 500 || error.status === 429),
    },
    mutations: { retry: false },
  },
})
document.documentElement.lang = firstLanguage()
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <Speaking>
          <Safety><App /></Safety>
          <Challenged />
        </Speaking>
      </QueryClientProvider>
    </StrictMode>,
  )
}
