// A made-up house for looking at the page without a server: plans, productions, shows.

/** Curved rows before a stage, in three sections. */
export function playhouse() {
  const zones = [
    { name: 'Stalls', zone_id: 'stalls', rows: 14, per: 26, radius: 190, step: 26, category: (r) => (r < 5 ? 'Premium' : 'Stalls') },
    { name: 'Circle', zone_id: 'circle', rows: 6, per: 40, radius: 610, step: 25, category: (r) => (r < 2 ? 'Circle front' : 'Circle') },
    { name: 'Gallery', zone_id: 'gallery', rows: 4, per: 46, radius: 800, step: 24, category: () => 'Gallery' },
  ]
  const stage = { shape: 'rectangle', color: '#ddd', border_color: '#888', rotation: 0, position: { x: 450, y: 10 }, rectangle: { width: 300, height: 60 }, text: { text: 'Stage', color: '#333', size: 18, position: { x: 150, y: 30 } } }
  return {
    name: 'Playhouse', size: { width: 1200, height: 1000 },
    categories: ['Premium', 'Stalls', 'Circle front', 'Circle', 'Gallery'].map((name) => ({ name, color: '#888888' })),
    zones: zones.map((zone, no) => ({
      name: zone.name, zone_id: zone.zone_id, position: { x: 0, y: 0 }, areas: no === 0 ? [stage] : [],
      rows: Array.from({ length: zone.rows }, (_, r) => {
        const radius = zone.radius + r * zone.step
        const count = Math.min(zone.per, Math.floor(((no === 0 ? 1.7 : 1.25) * radius) / 24))
        return {
          row_number: String.fromCharCode(65 + r), row_number_position: 'both', position: { x: 0, y: 0 },
          seats: Array.from({ length: count }, (_, s) => {
            const middle = (count - 1) / 2
            const aisle = (s > middle ? 1 : -1) * 12
            const angle = ((s - middle) * 24 + aisle) / radius
            return {
              seat_guid: `${zone.zone_id}-${String.fromCharCode(65 + r)}-${s + 1}`, seat_number: String(s + 1), category: zone.category(r),
              position: { x: 600 + Math.sin(angle) * radius, y: 10 + Math.cos(angle) * radius },
              ...(zone.zone_id === 'stalls' && r === 13 && (s < 2 || s > count - 3) ? { accessible: true } : {}),
            }
          }),
        }
      }),
    })),
  }
}

/** Blocks around a floor; `blocks × rows × per` seats. */
export function arena(blocks = 48, rows = 18, per = 14) {
  const zones = []
  for (let ring = 0; ring < 2; ring++) {
    for (let b = 0; b < blocks / 2; b++) {
      const span = (2 * Math.PI) / (blocks / 2)
      const name = `Block ${100 * (ring + 1) + b + 1}`
      const id = `block-${100 * (ring + 1) + b + 1}`
      const inner = ring === 0 ? 330 : 330 + rows * 11 + 50
      zones.push({
        name, zone_id: id, position: { x: 0, y: 0 }, areas: [],
        rows: Array.from({ length: rows }, (_, r) => ({
          row_number: String(r + 1), row_number_position: 'start', position: { x: 0, y: 0 },
          seats: Array.from({ length: per + (ring === 1 ? Math.floor(per / 2) : 0) }, (_, s, n = per + (ring === 1 ? Math.floor(per / 2) : 0)) => {
            const radius = inner + r * 11
            const angle = b * span + ((s + 0.5) / n) * span * 0.92
            return { seat_guid: `${id}-${r + 1}-${s + 1}`, seat_number: String(s + 1), category: ring === 0 ? 'Lower' : 'Upper', position: { x: 1200 + Math.cos(angle) * radius * 1.35, y: 900 + Math.sin(angle) * radius }, ...(r === 0 && s < 2 ? { accessible: true } : {}) }
          }),
        })),
      })
    }
  }
  const floor = (name, id, x, capacity) => ({ shape: 'rectangle', rotation: 0, position: { x, y: 760 }, rectangle: { width: 190, height: 280 }, text: { text: name, size: 20, position: { x: 95, y: 140 } }, area_id: id, capacity, category: 'Floor' })
  const stage = { shape: 'rectangle', rotation: 0, position: { x: 860, y: 800 }, rectangle: { width: 110, height: 200 }, text: { text: 'Stage', size: 18, position: { x: 55, y: 100 } } }
  zones.push({ name: 'Floor', zone_id: 'floor', position: { x: 0, y: 0 }, rows: [], areas: [stage, floor('Floor front', 'floor-front', 990, 1200), floor('Floor rear', 'floor-rear', 1200, 2400)] })
  return { name: 'Arena', size: { width: 2400, height: 1800 }, categories: ['Floor', 'Lower', 'Upper'].map((name) => ({ name, color: '#888888' })), zones }
}

export const VENUES = [
  { id: 'v1', name: 'Playhouse', city: 'Lund', country: 'SE', time_zone: 'Europe/Stockholm' },
  { id: 'v2', name: 'Harbour Arena', city: 'Malmö', country: 'SE', time_zone: 'Europe/Stockholm' },
  { id: 'v3', name: 'Little Hall', city: 'Lund', country: 'SE', time_zone: 'Europe/Stockholm' },
]

const P = (id, title, subtitle, kind, genre, language, venue, dates, summary) => ({ id, title, subtitle, kind, genre, language, venue, dates, summary })
export const PRODUCTIONS = [
  P('p1', 'The Winter Lamp', 'A play for five voices and one light', 'theatre', 'Drama', 'en', 'v1', 6, 'Five people keep one lamp burning through a winter that does not mean to end. Nobody remembers whose turn it is.'),
  P('p2', 'Nordlys', 'The last tour', 'concert', 'Electronic', 'sv', 'v2', 2, 'Two machines, one choir, and the loudest quiet you will hear this year.'),
  P('p3', 'An Orchard, Sold', null, 'theatre', 'Comedy', 'en', 'v1', 4, 'The family is leaving, the buyer is early, and the trees have opinions.'),
  P('p4', 'Salt', 'Dance for nine', 'dance', 'Contemporary', null, 'v3', 3, 'Nine dancers and two tons of it.'),
  P('p5', 'The Cartographer’s Daughter', null, 'opera', 'Chamber opera', 'de', 'v1', 2, 'She draws the coast from memory. It has moved.'),
  P('p6', 'Late Train', 'Double bill', 'cinema', 'Noir', 'fr', 'v3', 5, 'Two films about missing the same train.'),
  P('p7', 'Good Evening, Bear', 'From four years', 'family', 'Puppets', 'sv', 'v3', 4, 'A bear moves in. The neighbours bring cake.'),
  P('p8', 'Concrete Poems', null, 'comedy', 'Stand-up', 'en', 'v3', 2, 'Jokes about buildings, mostly load-bearing.'),
  P('p9', 'Five Sonatas for an Empty House', null, 'concert', 'Classical', null, 'v1', 2, 'Played in the dark, for people who like to hear the room.'),
]

const INKS = [['#d8402b', '#f4d7c2'], ['#123c5a', '#7fd1c7'], ['#3f6b3a', '#f1e9c6'], ['#e9e2d6', '#222222'], ['#5b2a6e', '#f0b6d0'], ['#1d1d1f', '#e5c200'], ['#f2b632', '#23408e'], ['#8d99a6', '#1f2326'], ['#20302c', '#d9e7d0']]
export function poster(production, no) {
  const [ground, mark] = INKS[no % INKS.length]
  const words = production.title.split(' ')
  const shapes = [
    `<circle cx="200" cy="210" r="130" fill="${mark}"/>`, `<path d="M0 420 400 60v180L0 600z" fill="${mark}"/>`, `<g fill="${mark}">${[0, 1, 2, 3, 4].map((n) => `<rect x="${40 + n * 68}" y="${60 + n * 36}" width="44" height="300"/>`).join('')}</g>`,
    `<path d="M60 380 200 60l140 320z" fill="${mark}"/>`, `<path d="M60 380V200a140 140 0 0 1 280 0v180z" fill="${mark}"/>`,
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 600"><rect width="400" height="600" fill="${ground}"/>${shapes[no % shapes.length]}<g fill="${mark}" font-family="Arial Narrow,Arial,sans-serif" font-weight="900" font-size="44">${words.map((word, n) => `<text x="28" y="${580 - (words.length - 1 - n) * 46}">${word}</text>`).join('')}</g></svg>`
}

export const LEVELS = {
  playhouse: [['premium', 'Premium', 'Premium', 6800], ['stalls', 'Stalls', 'Stalls', 5200], ['circle-front', 'Circle front', 'Circle front', 4500], ['circle', 'Circle', 'Circle', 3600], ['gallery', 'Gallery', 'Gallery', 1950]],
  arena: [['floor', 'Floor', 'Floor', 8900], ['lower', 'Lower', 'Lower', 7400], ['upper', 'Upper', 'Upper', 4900]],
}
