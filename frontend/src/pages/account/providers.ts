import { useQuery } from '@tanstack/react-query'
import { readProviders } from '../../api/factors'

/** The other houses by which one may sign in here; none, where the server doesn't say. */
export const useProviders = () => useQuery({ queryKey: ['providers'], queryFn: ({ signal }) => readProviders(signal), staleTime: Infinity, retry: false })
