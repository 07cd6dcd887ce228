/** The open seating-plan format, as far as the page reads it; everything may be missing that a reader can do without. */
export type PlanJson = {
  name?: string
  categories: { name: string; color?: string }[]
  zones: ZoneJson[]
  size?: { width: number; height: number }
}
export type PointJson = { x: number; y: number }
export type ZoneJson = {
  name?: string
  zone_id?: string
  uuid?: string
  position?: PointJson
  rows?: RowJson[]
  areas?: AreaJson[]
}
export type RowJson = {
  row_number?: string
  row_label?: string | null
  row_number_position?: 'start' | 'end' | 'both' | null
  position?: PointJson
  seats?: SeatJson[]
}
export type SeatJson = {
  seat_guid: string
  seat_number?: string
  position: PointJson
  category?: string
  radius?: number
  accessible?: boolean
  companion?: boolean
  restricted_view?: boolean
}
export type AreaJson = {
  shape: 'rectangle' | 'circle' | 'ellipse' | 'polygon' | 'text'
  color?: string
  border_color?: string
  rotation?: number
  position?: PointJson
  rectangle?: { width: number; height: number }
  circle?: { radius: number }
  ellipse?: { radius: PointJson }
  polygon?: { points: PointJson[] }
  text?: { text?: string; color?: string; size?: number; position?: PointJson }
  area_id?: string
  capacity?: number
  category?: string
}
