/** Everything the house says, in English. Other languages have exactly these keys; the compiler sees to it. */
import type { PromoReason, VoucherReason } from '../api/types'
import { account } from './account.en'

/** "row C", but "Table 3" as it is. */
const phrase = (word: string, text: string) => (/\s|\p{L}{3,}/u.test(text) ? text : `${word} ${text}`)
const places = (n: number) => (n === 1 ? '1 place' : `${n} places`)
const seats = (n: number) => (n === 1 ? '1 seat' : `${n} seats`)

export const en = {
  account,
  language: 'English',
  common: {
    close: 'Close', cancel: 'Cancel', tryAgain: 'Try again', loading: 'One moment', back: 'Back', all: 'All', from: 'from', free: 'Free',
    from_price: (price: string) => `from ${price}`, allIn: 'Prices are what you pay: fees are in them.', skip: 'Skip to the content', minutes: (n: number) => `${n} min`, seats, places,
  },
  nav: { whatsOn: 'What\u2019s on', findOrder: 'Find my order', backOffice: 'Back office', menu: 'Main' },
  home: {
    title: 'What\u2019s on', next: 'Next', days: 'Choose a day', today: 'Today', everyDay: 'Every day', filters: 'Filters', search: 'Search titles and people',
    kind: 'Kind', city: 'City', venue: 'House', clear: 'Take the filters off',
    found: (n: number) => (n === 1 ? '1 production' : `${n} productions`),
    empty: 'Nothing on the bill is like that.', emptyHint: 'Take a filter off, or choose another day.',
    nothing: 'Nothing is on sale yet.', nothingHint: 'The bill is written by the box office. Come back soon.',
    unopened: 'This house is not open yet.', unopenedHint: 'Whoever runs it: the server printed a link when it started. It opens the house.',
    more: 'Show more', noShow: 'No dates yet', shows: (n: number) => (n === 1 ? '1 date' : `${n} dates`), choose: 'Choose seats', see: 'See dates',
    dayHas: (n: number) => (n === 0 ? 'no show' : n === 1 ? '1 show' : `${n} shows`),
  },
  availability: { good: 'Seats left', few: 'Few seats left', sold_out: 'Sold out' },
  kinds: { theatre: 'Theatre', concert: 'Concert', opera: 'Opera', dance: 'Dance', cinema: 'Cinema', comedy: 'Comedy', sport: 'Sport', music: 'Music', musical: 'Musical', film: 'Film', family: 'Family', talk: 'Talk' } as Record<string, string>,
  production: { dates: 'Dates', credits: 'Company', about: 'About', length: 'Length', age: 'From age', language: 'Language', by: 'Presented by', noDates: 'No dates are on sale for this one.', doors: (time: string) => `doors ${time}`, nextDate: 'Next date' },
  show: {
    state: {
      draft: 'This show is not on sale yet.', published: '', paused: 'The sale is paused for the moment.', cancelled: 'This show was cancelled.',
      moved: 'This show was moved to another date.', ended: 'The sale of this show has ended.',
    },
    onSaleFrom: (when: string) => `On sale from ${when}.`, saleOver: 'The sale of this show has ended.', soldOut: 'Sold out. Seats come back when holds lapse; the map is live.',
    map: 'Map', list: 'List', best: 'Pick for me', ways: 'How to choose', mapLabel: 'Seat map. The list has the same seats in words.', levels: 'Prices',
    nearer: 'Zoom in', further: 'Zoom out', whole: 'Whole house', tapNearer: 'Tap a section to go nearer',
    legendStates: 'Signs', yours: 'Yours', chosen: 'Chosen', held: 'In somebody\u2019s basket', booked: 'Sold', blocked: 'Not for sale', available: 'Free', accessible: 'Wheelchair place',
    seat: (section: string, row: string, seat: string) => [section, row && phrase('row', row), seat && phrase('seat', seat)].filter(Boolean).join(', '),
    row: (row: string) => `Row ${row}`, left: (n: number) => `${n} left`, companion: 'companion seat', restricted: 'restricted view', lost: 'taken',
    live: { connecting: 'Connecting', live: 'Live', reconnecting: 'Connecting again: this may be old', polling: 'Up to date every few seconds', offline: 'Offline: this may be old' },
    only: (name: string) => `Only ${name}`, areaTitle: 'Standing and free seating', less: 'Fewer', moreOf: 'More', sections: 'Sections', noSections: 'This house has no numbered seats.',
    listHint: 'Arrow keys move between seats, space chooses.',
    code: 'I have a code', codeHint: 'It may open seats that are kept for you; let us pick them.', codePresale: 'With it you may choose before the sale begins.',
    planMissing: 'The plan of this house could not be loaded.',
  },
  best: { quantity: 'How many', level: 'Price', anyLevel: 'Any price', section: 'Where', anySection: 'Anywhere', accessible: 'With a wheelchair place', go: (n: number) => (n === 1 ? 'Find the best seat' : `Find the best ${n} together`), hint: 'We look for the nearest seats in one row and hold them for you.' },
  basket: {
    placement: { one_row: 'Side by side in one row.', stacked: 'In rows directly behind each other.', split: 'Not all side by side.' },
    title: 'Your basket', empty: 'Choose seats on the map, in the list, or let us pick.', hold: (n: number) => (n === 1 ? 'Hold this place' : `Hold ${n} places`), checkout: 'Check out', remove: 'Take out', clear: 'Give back',
    total: 'Total', taskHolding: 'Asking for your seats', taskReopening: 'Your payment is put aside, and the seats open again', taskChanging: 'Changing', working: 'One moment',
    yoursFor: (clock: string) => `Yours for ${clock}`, stands: (clock: string) => `The sale is paused, and so is your time: ${clock} stay yours when it goes on.`, keep: 'Keep longer', ending: 'Your time is nearly up. Do you want to keep the seats?', lastTime: 'This is the last extension the house gives.',
    noMore: 'The house gives no more time for this basket.',
    lapsed: 'Your time was up, and the seats went back on sale. They are still marked for you: hold them again if they are free.',
    booked: 'These seats are paid for.', released: 'The seats went back on sale.', toOrder: 'Go to your order', paying: 'A payment for these seats is under way in another window.',
    lost: (names: string[]) => (names.length === 1 ? `${names[0]} was taken a moment ago.` : `${names.slice(0, -1).join('; ')} and ${names.at(-1)} were taken a moment ago.`),
    lostKept: 'Nothing is held yet. The others stay chosen.', lostHold: 'Your hold stays as it was.',
    limit: (n: number) => `At most ${n} in one go.`, uncertain: 'The answer got lost on the way. Asking again is safe: you will not get two holds.', details: 'Show basket', code: 'Access code', codeGo: 'Use code',
  },
  checkout: {
    title: 'Check out', seats: 'Your places', type: 'Ticket type', who: 'Who is it for?', name: 'Name', email: 'E-mail', emailHint: 'The tickets go here.', pay: (total: string) => `Pay ${total}`, confirmFree: 'Confirm', bill: 'Bill', total: 'To pay',
    back: 'Change seats', nothing: 'There is nothing in your basket for this show.', choose: 'Choose seats', leaving: 'Going to the payment page', equal: 'If my payment comes too late for these seats, take equal or better ones side by side.',
    orderFee: (name: string, how: string) => `Once an order: ${name}, ${how}.`, priceUntil: (list: string, when: string) => `${list} until ${when}`,
    provider: 'Pay with', providers: { sandbox: 'test', stripe: 'Stripe', razorpay: 'Razorpay' } as Record<string, string>, ways: { 'sandbox/card': 'Test payment', card: 'Card, Apple Pay or Google Pay', 'razorpay/card': 'Card', paypal: 'PayPal', upi: 'UPI', netbanking: 'Net banking', wallet: 'Wallet' } as Record<string, string>, noWay: 'Nothing can be paid here just now. The seats stay yours while their time runs; the house knows more.', payWithin: (n: number) => `On the payment page you have ${n} minutes, and the seats stay yours.`, quoteWait: 'Adding up', again: 'The answer got lost. Pressing again is safe: you will not pay twice.',
    nameMissing: 'Please tell us a name.', emailMissing: 'Please give an e-mail address for the tickets.',
    promo: 'Promo code', promoGo: 'Use code', promoOff: 'Take it off', promoOn: (code: string) => `Code ${code} is in the bill.`,
    promoWhy: {
      unknown: 'There is no such code. Look at how it is written.', not_yet: 'This code is not valid yet.', over: 'This code is no longer valid.', not_these_shows: 'This code is for other shows.',
      not_these_tickets: 'This code is for other tickets than these.', other_currency: 'This code is for another currency.', nothing_to_take_off: 'There is nothing that this code could take off.',
      used_up: 'This code has been used up.', used_by_you: 'You have used this code already.',
    } as Record<PromoReason, string>,
    voucher: 'Gift voucher', voucherGo: 'Use voucher', voucherOff: 'Leave it out', voucherOn: (pays: string, left: string) => `The voucher pays ${pays}; ${left} will be left on it.`,
    voucherWhy: {
      unknown: 'There is no such voucher. Look at how it is written.', void: 'The house has voided this voucher.', over: 'This voucher is no longer valid.', other_currency: 'This voucher is of another currency.',
      empty: 'Nothing is left on this voucher.', nothing_to_pay: 'There is nothing that this voucher could pay.', less_left: 'Less is left on this voucher than a moment ago.',
    } as Record<VoucherReason, string>,
    exchange: {
      given: (n: number, number: string) => `You give ${n === 1 ? 'one ticket' : `${n} tickets`} of order ${number} for these seats.`, worth: (money: string) => `Worth ${money}.`, kept: (money: string) => `The house keeps ${money}.`,
      back: (money: string) => `${money} goes back the way you paid.`, leaveOut: 'Keep those tickets',
    },
    taxIn: (amount: string) => `${amount} of it is tax.`, taxOf: (amount: string, name: string) => `${amount} of it is ${name}.`,
  },
  order: {
    number: (n: string) => `Order ${n}`,
    status: {
      awaiting_payment: 'Waiting for your payment', in_review: 'We are looking at your order', paid: 'Paid. Your tickets are being written', confirmed: 'See you there',
      expired: 'The time to pay ran out', cancelled: 'This order was cancelled', refunding: 'Your money is on its way back', refunded: 'Your money went back', partially_refunded: 'Part of your money went back',
    },
    say: {
      awaiting_payment: 'The seats are yours until the clock runs out.', in_review: 'The seats are kept for you. Your bank has set the amount aside, and nothing has been taken.', paid: 'This takes a few seconds.', confirmed: 'Your tickets are below and in your mail.',
      expired: 'Nothing was charged, and the seats went back on sale.', cancelled: 'Nothing is charged for it.', refunding: 'The tickets no longer admit. Banks take some days.', refunded: 'The tickets no longer admit.', partially_refunded: 'The other tickets stay good.',
    },
    back: {
      choose: 'Which tickets do you want to give back?', paid: 'Paid', back: 'Comes back', kept: 'Is kept', until: (when: string) => `So until ${when}`, closed: 'cannot be given back any more', none: 'None of these tickets can be given back any more.',
      exchanged: (money: string) => `${money} of it goes back the way the exchanged tickets were paid.`, all: 'Comes back in all', fees: 'Fees of the whole order', voucher: (money: string) => `${money} of it goes back onto your voucher.`, stops: 'The tickets stop admitting at once. Banks take some days.', yes: (money: string) => `Give back, ${money} comes back`,
    },
    pass: {
      go: 'Pass on', title: 'Pass a ticket on', text: 'Who you name gets the ticket by mail. Its code changes: what you have printed or saved no longer admits. The order and its money stay yours.', name: 'Their name', email: 'Their e-mail address', yes: 'Pass it on', done: 'Passed on to somebody else',
    },
    exchange: {
      go: 'Exchange tickets', choose: 'Which tickets do you want to exchange?', until: (when: string) => `Until ${when}`, none: 'None of these tickets can be exchanged.', yes: 'Choose other seats',
      text: 'Choose a show and seats of the same house. At the checkout you see what is to be paid, or what goes back. Your tickets stay good until the new ones are sold.',
      open: 'Tickets are promised for', into: 'Tickets were exchanged for', from: 'Exchanged for tickets of', done: 'These tickets were exchanged',
    },
    throughExchange: 'back to the order whose tickets had paid',
    reviewBy: (when: string) => `You hear from us by ${when}. You need do nothing.`, giveUp: 'Rather not wait', giveUpAsk: 'Give this order up? Nothing is taken, the amount is let go of, and the seats are free again.', giveUpYes: 'Give it up',
    notSold: 'We could not complete this order', notSoldText: 'Somebody of the house has looked at it, or nobody could in time. Nothing was taken. The box office is glad to help.',
    declined: 'The payment was declined. Nothing was charged, and the seats are still yours.', payNow: 'Go on to payment', payAgain: 'Try paying again', others: 'Choose other seats', othersHint: 'Gives up this payment; the seats stay held while you choose.',
    payBy: (clock: string) => `${clock} left to pay`, tickets: 'Tickets', ticketPdf: 'PDF', ticketIcs: 'Calendar', allBill: 'Bill', code: 'Code', mailbox: 'See the mail in the mailbox', cancel: 'Cancel the order', cancelYes: 'Cancel and refund', keepIt: 'Keep it',
    ontoVoucher: 'back on your voucher', refunds: 'Refunds', refundState: { pending: 'under way', succeeded: 'done', failed: 'being looked at by the box office', by_hand: 'given by the house itself', again: 'tried again' }, noToken: 'This page needs the link from your mail.', noTokenHint: 'Give your e-mail address, and we send the link again.',
    linkEnded: 'This link no longer works: somebody has ended it because it may have come into wrong hands. A newer one went to the address of the order. Have it sent again here.',
    keep: { title: 'Don\u2019t lose this order', guest: 'In an account you find all your orders, on every device. What you bought with the same address is in it by itself.', make: 'Make an account', have: 'I have an account', mine: 'Keep it in my account', kept: 'This order is in your account.', toMine: 'My orders' },
    wrongHands: { go: 'This link got into wrong hands', title: 'End the links', text: (email: string) => `Every link to this order stops working, this one too, and those of its tickets. A new one goes by mail to ${email}. Tickets on paper stay good.`, textStaff: 'Every link to this order stops working, and those of its tickets. A new one goes by mail to the address of the order. Tickets on paper stay good.', yes: 'End the links', done: 'The links have ended', doneText: (email: string) => `A new one is on its way to ${email}. Only that mail has it.` },
    qr: (what: string) => `Code for ${what}`, again: 'Choose seats again', doors: 'Doors', starts: 'Starts', suspended: 'does not admit', ticketState: { valid: '', used: 'used', admitted: 'used', suspended: 'does not admit', revoked: 'does not admit', cancelled: 'does not admit' } as Record<string, string>,
  },
  find: { title: 'Find my order', number: 'Order number', email: 'E-mail', go: 'Send the link', sent: 'If anything was bought with this address, the link is on its way to it.', hint: 'It is in your mail and begins with A-. Without it we send the links to all orders of the address.', numberIfAny: 'Order number, if you have it' },
  demo: {
    title: 'Try this', intro: 'This is a demonstration house: the shows are made up, payments are play money, and every mail stays in the mailbox.',
    buy: 'Buy two seats', buyText: 'Pick them on the map, check out, press “succeed” on the test payment. The ticket arrives in the mailbox.', buyGo: 'Choose seats',
    watch: 'Watch from a second window', watchText: 'Open the same map twice. What you hold here changes there within a blink.', watchGo: 'Open a second window',
    rush: 'Start a rush', rushText: '300 buyers want the same seats for a minute. Count at the end how many seats were sold twice.', rushGo: 'Start a rush',
    mailbox: 'Mailbox', running: 'The rush is on', done: 'The rush is over', none: 'All quiet', buyers: 'Buyers', held: 'Holds', sold: 'Orders', ticketsSold: 'Tickets sold', refused: 'Refused', twice: 'Sold twice', errors: 'Errors', fast: 'Half answered within', slow: '99 % within', again: 'Once more',
    rushIntro: 'Every buyer is a program that behaves like you: looks, holds, pays, or is refused. What the map shows is what they do.', seconds: (a: number, b: number) => `${a} of ${b} s`, requests: 'Requests',
    rushNone: 'Nobody is queueing. Press the button and keep your eyes on the map.', someoneElse: 'A rush is already running; you are watching it.', toMap: 'Open this map',
  },
  setup: {
    title: 'Open the house', intro: 'This page works once, with the link that the server printed when it started.', you: 'You', house: 'The house', venue: 'Its first venue', name: 'Your name', email: 'E-mail', password: 'Password', passwordHint: 'At least 12 characters.', houseName: 'Name of the house', currency: 'Currency', timeZone: 'Time zone', venueName: 'Name of the venue', city: 'City', country: 'Country', address: 'Address', go: 'Open the house', done: 'The house is open.', toOffice: 'Go to the back office', noToken: 'The link is not complete: what stands after # is missing.', wrongLink: 'This is not the link that the server printed last. Take the newest one.',
  },
  challenge: {
    title: 'Are you a person?', why: 'From here came many requests that led nowhere, as programs make them. Pass this check, and yours goes on.',
    who: (name: string) => `The check is made by ${name}, which sees that you are here. Who would rather not waits a while and tries again.`, failed: 'The check could not be loaded, or was not passed.',
  },
  errors: {
    notFound: 'No such row', notFoundText: 'There is nothing at this address. Perhaps the show has gone home.', home: 'See what\u2019s on', broken: 'This page has fallen over', brokenText: 'Your hold and your order are not touched by it. Load the page again.', reload: 'Load again',
    offline: 'No connection. What you see may be old; your hold goes on by the house clock.', unreachable: 'The house does not answer. Try again in a moment.', retryIn: (s: number) => `Try again in ${s} s.`, retryNow: 'You can try again now.',
  },
  footer: { live: 'All maps are live.', source: 'Runs on Aisle, open source.' },
}

export type Messages = typeof en
