import { account } from './account.de'
import type { Messages } from './en'

const phrase = (word: string, text: string) => (/\s|\p{L}{3,}/u.test(text) ? text : `${word} ${text}`)
const seats = (n: number) => (n === 1 ? '1 Platz' : `${n} Plätze`)

export const de: Messages = {
  account,
  language: 'Deutsch',
  common: {
    close: 'Schließen', cancel: 'Abbrechen', tryAgain: 'Noch einmal', loading: 'Einen Moment', back: 'Zurück', all: 'Alle', from: 'ab', free: 'Frei',
    from_price: (price) => `ab ${price}`, allIn: 'Die Preise sind Endpreise: Gebühren sind darin.', skip: 'Zum Inhalt', minutes: (n) => `${n} Min.`, seats, places: seats,
  },
  nav: { whatsOn: 'Spielplan', findOrder: 'Bestellung', backOffice: 'Büro', menu: 'Hauptmenü' },
  home: {
    title: 'Spielplan', next: 'Als Nächstes', days: 'Einen Tag wählen', today: 'Heute', everyDay: 'Jeden Tag', filters: 'Filter', search: 'Titel und Namen suchen',
    kind: 'Art', city: 'Stadt', venue: 'Haus', clear: 'Filter entfernen',
    found: (n) => (n === 1 ? '1 Produktion' : `${n} Produktionen`),
    empty: 'So etwas steht nicht auf dem Spielplan.', emptyHint: 'Einen Filter entfernen oder einen anderen Tag wählen.',
    nothing: 'Noch ist nichts im Verkauf.', nothingHint: 'Der Spielplan wird noch geschrieben. Schauen Sie bald wieder herein.',
    unopened: 'Dieses Haus ist noch nicht offen.', unopenedHint: 'Für die Betreiber: Der Server hat beim Start einen Link gezeigt. Er öffnet das Haus.',
    more: 'Mehr zeigen', noShow: 'Noch keine Termine', shows: (n) => (n === 1 ? '1 Termin' : `${n} Termine`), choose: 'Plätze wählen', see: 'Termine ansehen',
    dayHas: (n) => (n === 0 ? 'keine Vorstellung' : n === 1 ? '1 Vorstellung' : `${n} Vorstellungen`),
  },
  availability: { good: 'Plätze frei', few: 'Wenige Plätze', sold_out: 'Ausverkauft' },
  kinds: { theatre: 'Theater', concert: 'Konzert', opera: 'Oper', dance: 'Tanz', cinema: 'Kino', comedy: 'Komödie', sport: 'Sport', music: 'Musik', musical: 'Musical', film: 'Film', family: 'Familie', talk: 'Gespräch' },
  production: { dates: 'Termine', credits: 'Besetzung', about: 'Worum es geht', length: 'Dauer', age: 'Ab', language: 'Sprache', by: 'Veranstalter', noDates: 'Dafür ist kein Termin im Verkauf.', doors: (time) => `Einlass ${time}`, nextDate: 'Nächster Termin' },
  show: {
    state: {
      draft: 'Diese Vorstellung ist noch nicht im Verkauf.', published: '', paused: 'Der Verkauf ist gerade angehalten.', cancelled: 'Diese Vorstellung wurde abgesagt.',
      moved: 'Diese Vorstellung wurde verlegt.', ended: 'Der Verkauf ist beendet.',
    },
    onSaleFrom: (when) => `Im Verkauf ab ${when}.`, saleOver: 'Der Verkauf ist beendet.', soldOut: 'Ausverkauft. Plätze kommen zurück, wenn jemand sie nicht nimmt; der Plan ist live.',
    map: 'Plan', list: 'Liste', best: 'Für mich wählen', ways: 'Wie wählen', mapLabel: 'Sitzplan. Die Liste hat dieselben Plätze in Worten.', levels: 'Preise',
    nearer: 'Näher', further: 'Weiter weg', whole: 'Ganzes Haus', tapNearer: 'Einen Block antippen, um näher zu gehen',
    legendStates: 'Zeichen', yours: 'Ihre', chosen: 'Gewählt', held: 'Im Korb von jemandem', booked: 'Verkauft', blocked: 'Nicht im Verkauf', available: 'Frei', accessible: 'Rollstuhlplatz',
    seat: (section, row, seat) => [section, row && phrase('Reihe', row), seat && phrase('Platz', seat)].filter(Boolean).join(', '),
    row: (row) => `Reihe ${row}`, left: (n) => `noch ${n}`, companion: 'Platz für Begleitung', restricted: 'eingeschränkte Sicht', lost: 'weg',
    live: { connecting: 'Verbinden', live: 'Live', reconnecting: 'Neu verbinden: das kann alt sein', polling: 'Alle paar Sekunden auf dem Stand', offline: 'Ohne Netz: das kann alt sein' },
    only: (name) => `Nur ${name}`, areaTitle: 'Stehplätze und freie Platzwahl', less: 'Weniger', moreOf: 'Mehr', sections: 'Bereiche', noSections: 'Dieses Haus hat keine nummerierten Plätze.',
    listHint: 'Pfeiltasten gehen von Platz zu Platz, die Leertaste wählt.',
    code: 'Ich habe einen Code', codeHint: 'Er kann Plätze öffnen, die für Sie zurückgelegt sind; lassen Sie uns wählen.', codePresale: 'Damit wählen Sie schon vor Verkaufsbeginn.',
    planMissing: 'Der Plan dieses Hauses ließ sich nicht laden.',
  },
  best: { quantity: 'Wie viele', level: 'Preis', anyLevel: 'Jeder Preis', section: 'Wo', anySection: 'Überall', accessible: 'Mit Rollstuhlplatz', go: (n) => (n === 1 ? 'Den besten Platz finden' : `Die besten ${n} nebeneinander finden`), hint: 'Wir suchen die nächsten Plätze in einer Reihe und halten sie für Sie.' },
  basket: {
    placement: { one_row: 'Nebeneinander in einer Reihe.', stacked: 'In Reihen direkt hintereinander.', split: 'Nicht alle nebeneinander.' },
    title: 'Ihr Korb', empty: 'Wählen Sie im Plan, in der Liste, oder lassen Sie uns wählen.', hold: (n) => (n === 1 ? 'Diesen Platz halten' : `${n} Plätze halten`), checkout: 'Zur Kasse', remove: 'Herausnehmen', clear: 'Zurückgeben',
    total: 'Summe', taskHolding: 'Wir fragen nach Ihren Plätzen', taskReopening: 'Die Zahlung ist beiseitegelegt, die Plätze öffnen sich wieder', taskChanging: 'Wird geändert', working: 'Einen Moment',
    yoursFor: (clock) => `Noch ${clock} die Ihren`, stands: (clock) => `Der Verkauf ruht und Ihre Zeit auch: ${clock} bleiben Ihnen, wenn es weitergeht.`, keep: 'Länger behalten', ending: 'Ihre Zeit ist fast um. Möchten Sie die Plätze behalten?', lastTime: 'Das ist die letzte Verlängerung.',
    noMore: 'Für diesen Korb gibt das Haus keine Zeit mehr.',
    lapsed: 'Ihre Zeit war um, die Plätze sind wieder im Verkauf. Sie sind noch markiert: halten Sie sie noch einmal, wenn sie frei sind.',
    booked: 'Diese Plätze sind bezahlt.', released: 'Die Plätze sind wieder im Verkauf.', toOrder: 'Zur Bestellung', paying: 'Diese Plätze werden gerade in einem anderen Fenster bezahlt.',
    lost: (names) => (names.length === 1 ? `${names[0]} ist gerade weg.` : `${names.slice(0, -1).join('; ')} und ${names.at(-1)} sind gerade weg.`),
    lostKept: 'Noch ist nichts gehalten. Die anderen bleiben gewählt.', lostHold: 'Ihr Korb bleibt, wie er war.',
    limit: (n) => `Höchstens ${n} auf einmal.`, uncertain: 'Die Antwort ging unterwegs verloren. Noch einmal fragen ist sicher: Sie halten nichts doppelt.', details: 'Korb zeigen', code: 'Zugangscode', codeGo: 'Code einlösen',
  },
  checkout: {
    title: 'Kasse', seats: 'Ihre Plätze', type: 'Kartenart', who: 'Für wen?', name: 'Name', email: 'E-Mail', emailHint: 'Hierhin gehen die Karten.', pay: (total) => `${total} bezahlen`, confirmFree: 'Bestätigen', bill: 'Rechnung', total: 'Zu zahlen',
    back: 'Plätze ändern', nothing: 'Für diese Vorstellung ist nichts in Ihrem Korb.', choose: 'Plätze wählen', leaving: 'Weiter zur Zahlungsseite', equal: 'Wenn meine Zahlung für diese Plätze zu spät kommt, nehme ich gleich gute oder bessere nebeneinander.',
    orderFee: (name, how) => `Einmal je Bestellung: ${name}, ${how}.`, priceUntil: (list, when) => `${list} bis ${when}`,
    provider: 'Bezahlen mit', providers: { sandbox: 'Test', stripe: 'Stripe', razorpay: 'Razorpay' }, ways: { 'sandbox/card': 'Testzahlung', card: 'Karte, Apple Pay oder Google Pay', 'razorpay/card': 'Karte', paypal: 'PayPal', upi: 'UPI', netbanking: 'Netbanking', wallet: 'Wallet' }, noWay: 'Hier kann gerade nicht bezahlt werden. Die Plätze bleiben die Ihren, solange ihre Zeit läuft; das Haus weiß mehr.', payWithin: (n) => `Auf der Zahlungsseite haben Sie ${n} Minuten, und die Plätze bleiben die Ihren.`, quoteWait: 'Wir rechnen', again: 'Die Antwort ging verloren. Noch einmal drücken ist sicher: Sie zahlen nicht doppelt.',
    nameMissing: 'Bitte einen Namen angeben.', emailMissing: 'Bitte eine E-Mail-Adresse für die Karten angeben.',
    promo: 'Rabattcode', promoGo: 'Code einlösen', promoOff: 'Weglassen', promoOn: (code) => `Der Code ${code} ist in der Rechnung.`,
    promoWhy: {
      unknown: 'Diesen Code gibt es nicht. Sehen Sie nach, wie er geschrieben wird.', not_yet: 'Dieser Code gilt noch nicht.', over: 'Dieser Code gilt nicht mehr.', not_these_shows: 'Dieser Code gilt für andere Vorstellungen.',
      not_these_tickets: 'Dieser Code gilt für andere Karten als diese.', other_currency: 'Dieser Code gilt für eine andere Währung.', nothing_to_take_off: 'Es gibt nichts, wovon dieser Code etwas nehmen könnte.',
      used_up: 'Dieser Code ist aufgebraucht.', used_by_you: 'Sie haben diesen Code schon benutzt.',
    },
    voucher: 'Geschenkgutschein', voucherGo: 'Gutschein einlösen', voucherOff: 'Weglassen', voucherOn: (pays, left) => `Der Gutschein zahlt ${pays}; danach sind noch ${left} darauf.`,
    voucherWhy: {
      unknown: 'Diesen Gutschein gibt es nicht. Sehen Sie nach, wie er geschrieben wird.', void: 'Das Haus hat diesen Gutschein entwertet.', over: 'Dieser Gutschein gilt nicht mehr.', other_currency: 'Dieser Gutschein gilt für eine andere Währung.',
      empty: 'Auf diesem Gutschein ist nichts mehr.', nothing_to_pay: 'Es gibt nichts, was dieser Gutschein zahlen könnte.', less_left: 'Auf diesem Gutschein ist weniger als eben noch.',
    },
    exchange: {
      given: (n, number) => `Sie geben ${n === 1 ? 'eine Karte' : `${n} Karten`} der Bestellung ${number} für diese Plätze.`, worth: (money) => `Wert: ${money}.`, kept: (money) => `Das Haus behält ${money}.`,
      back: (money) => `${money} kommt auf dem Weg zurück, auf dem Sie bezahlt haben.`, leaveOut: 'Jene Karten behalten',
    },
    taxIn: (amount) => `Davon ${amount} Steuern.`, taxOf: (amount, name) => `Davon ${amount} ${name}.`,
  },
  order: {
    number: (n) => `Bestellung ${n}`,
    status: {
      awaiting_payment: 'Wir warten auf Ihre Zahlung', in_review: 'Wir sehen uns Ihre Bestellung an', paid: 'Bezahlt. Ihre Karten werden geschrieben', confirmed: 'Bis dann',
      expired: 'Die Zeit zum Zahlen ist um', cancelled: 'Diese Bestellung wurde storniert', refunding: 'Ihr Geld ist auf dem Rückweg', refunded: 'Ihr Geld ist zurück', partially_refunded: 'Ein Teil Ihres Geldes ist zurück',
    },
    say: {
      awaiting_payment: 'Die Plätze sind die Ihren, bis die Uhr abläuft.', in_review: 'Die Plätze bleiben für Sie. Ihre Bank hat den Betrag vorgemerkt, abgebucht ist nichts.', paid: 'Das dauert einige Sekunden.', confirmed: 'Ihre Karten stehen unten und in Ihrer Post.',
      expired: 'Nichts wurde abgebucht, die Plätze sind wieder im Verkauf.', cancelled: 'Dafür wird nichts abgebucht.', refunding: 'Die Karten gelten nicht mehr. Banken brauchen einige Tage.', refunded: 'Die Karten gelten nicht mehr.', partially_refunded: 'Die anderen Karten gelten weiter.',
    },
    back: {
      choose: 'Welche Karten möchten Sie zurückgeben?', paid: 'Bezahlt', back: 'Kommt zurück', kept: 'Wird einbehalten', until: (when) => `So bis ${when}`, closed: 'kann nicht mehr zurückgegeben werden', none: 'Keine dieser Karten kann noch zurückgegeben werden.',
      exchanged: (money) => `Davon kommen ${money} auf dem Weg zurück, auf dem die umgetauschten Karten bezahlt waren.`, all: 'Kommt insgesamt zurück', fees: 'Gebühren der ganzen Bestellung', voucher: (money) => `Davon kommen ${money} wieder auf Ihren Gutschein.`, stops: 'Die Karten gelten sofort nicht mehr. Banken brauchen einige Tage.', yes: (money) => `Zurückgeben, ${money} kommt zurück`,
    },
    pass: {
      go: 'Weitergeben', title: 'Eine Karte weitergeben', text: 'Wen Sie nennen, bekommt die Karte per Mail. Ihr Code ändert sich: Was Sie gedruckt oder gespeichert haben, gilt nicht mehr. Die Bestellung und ihr Geld bleiben die Ihren.', name: 'Name', email: 'E-Mail-Adresse', yes: 'Weitergeben', done: 'An jemand anderen weitergegeben',
    },
    exchange: {
      go: 'Karten umtauschen', choose: 'Welche Karten möchten Sie umtauschen?', until: (when) => `Bis ${when}`, none: 'Keine dieser Karten kann umgetauscht werden.', yes: 'Andere Plätze wählen',
      text: 'Wählen Sie eine Vorstellung und Plätze desselben Hauses. An der Kasse sehen Sie, was zu zahlen ist oder was zurückkommt. Ihre Karten gelten, bis die neuen verkauft sind.',
      open: 'Karten sind versprochen für', into: 'Karten wurden umgetauscht gegen', from: 'Umgetauscht gegen Karten von', done: 'Diese Karten wurden umgetauscht',
    },
    throughExchange: 'zurück an die Bestellung, deren Karten bezahlt hatten',
    reviewBy: (when) => `Bis ${when} hören Sie von uns. Sie müssen nichts tun.`, giveUp: 'Lieber nicht warten', giveUpAsk: 'Diese Bestellung aufgeben? Nichts wird abgebucht, der Betrag wird freigegeben, und die Plätze sind wieder frei.', giveUpYes: 'Aufgeben',
    notSold: 'Wir konnten diese Bestellung nicht abschließen', notSoldText: 'Jemand vom Haus hat sie angesehen, oder niemand konnte es rechtzeitig. Abgebucht wurde nichts. Die Kasse hilft gern.',
    declined: 'Die Zahlung wurde abgelehnt. Nichts wurde abgebucht, und die Plätze sind noch die Ihren.', payNow: 'Weiter zur Zahlung', payAgain: 'Noch einmal bezahlen', others: 'Andere Plätze wählen', othersHint: 'Gibt diese Zahlung auf; die Plätze bleiben gehalten, während Sie wählen.',
    payBy: (clock) => `noch ${clock} zum Zahlen`, tickets: 'Karten', ticketPdf: 'PDF', ticketIcs: 'Kalender', allBill: 'Rechnung', code: 'Code', mailbox: 'Die Post im Postfach ansehen', cancel: 'Bestellung stornieren', cancelYes: 'Stornieren und erstatten', keepIt: 'Behalten',
    ontoVoucher: 'wieder auf Ihrem Gutschein', refunds: 'Erstattungen', refundState: { pending: 'unterwegs', succeeded: 'erledigt', failed: 'liegt bei der Kasse', by_hand: 'vom Haus selbst gegeben', again: 'noch einmal versucht' }, noToken: 'Diese Seite braucht den Link aus Ihrer Post.', noTokenHint: 'Geben Sie Ihre E-Mail-Adresse an, dann schicken wir den Link noch einmal.',
    linkEnded: 'Dieser Link gilt nicht mehr: Jemand hat ihn beendet, weil er in falsche Hände gekommen sein kann. Ein neuerer ging an die Adresse der Bestellung. Hier können Sie ihn noch einmal anfordern.',
    keep: { title: 'Diese Bestellung nicht verlieren', guest: 'In einem Konto finden Sie alle Ihre Bestellungen, auf jedem Gerät. Was Sie mit derselben Adresse gekauft haben, steht von selbst darin.', make: 'Konto anlegen', have: 'Ich habe ein Konto', mine: 'In meinem Konto behalten', kept: 'Diese Bestellung steht in Ihrem Konto.', toMine: 'Meine Bestellungen' },
    wrongHands: { go: 'Dieser Link ist in falsche Hände gekommen', title: 'Die Links beenden', text: (email) => `Jeder Link zu dieser Bestellung gilt dann nicht mehr, auch dieser und die ihrer Karten. Ein neuer geht per Mail an ${email}. Karten auf Papier gelten weiter.`, textStaff: 'Jeder Link zu dieser Bestellung gilt dann nicht mehr, auch die ihrer Karten. Ein neuer geht per Mail an die Adresse der Bestellung. Karten auf Papier gelten weiter.', yes: 'Links beenden', done: 'Die Links gelten nicht mehr', doneText: (email) => `Ein neuer ist auf dem Weg an ${email}. Nur diese Mail hat ihn.` },
    qr: (what) => `Code für ${what}`, again: 'Noch einmal Plätze wählen', doors: 'Einlass', starts: 'Beginn', suspended: 'gilt nicht', ticketState: { valid: '', used: 'benutzt', admitted: 'benutzt', suspended: 'gilt nicht', revoked: 'gilt nicht', cancelled: 'gilt nicht' },
  },
  find: { title: 'Meine Bestellung', number: 'Bestellnummer', email: 'E-Mail', go: 'Link schicken', sent: 'Wenn mit dieser Adresse etwas gekauft wurde, ist der Link auf dem Weg zu ihr.', hint: 'Sie steht in Ihrer Post und beginnt mit A-. Ohne sie schicken wir die Links zu allen Bestellungen der Adresse.', numberIfAny: 'Bestellnummer, falls Sie sie haben' },
  demo: {
    title: 'Probieren Sie das', intro: 'Dies ist ein Haus zum Vorführen: die Stücke sind erfunden, das Geld ist Spielgeld, und jede Mail bleibt im Postfach.',
    buy: 'Zwei Plätze kaufen', buyText: 'Im Plan wählen, zur Kasse gehen, bei der Testzahlung „succeed“ drücken. Die Karte kommt ins Postfach.', buyGo: 'Plätze wählen',
    watch: 'Vom zweiten Fenster zusehen', watchText: 'Öffnen Sie denselben Plan zweimal. Was Sie hier halten, ändert sich dort im Nu.', watchGo: 'Zweites Fenster öffnen',
    rush: 'Einen Ansturm starten', rushText: '300 Käufer wollen eine Minute lang dieselben Plätze. Zählen Sie am Ende, wie viele doppelt verkauft wurden.', rushGo: 'Ansturm starten',
    mailbox: 'Postfach', running: 'Der Ansturm läuft', done: 'Der Ansturm ist vorbei', none: 'Alles ruhig', buyers: 'Käufer', held: 'Gehalten', sold: 'Bestellungen', ticketsSold: 'Karten verkauft', refused: 'Abgelehnt', twice: 'Doppelt verkauft', errors: 'Fehler', fast: 'Die Hälfte beantwortet in', slow: '99 % in', again: 'Noch einmal',
    rushIntro: 'Jeder Käufer ist ein Programm, das tut, was Sie tun: schauen, halten, zahlen oder abgelehnt werden. Der Plan zeigt, was sie tun.', seconds: (a, b) => `${a} von ${b} s`, requests: 'Anfragen',
    rushNone: 'Niemand steht an. Drücken Sie den Knopf und behalten Sie den Plan im Auge.', someoneElse: 'Ein Ansturm läuft schon; Sie sehen ihm zu.', toMap: 'Diesen Plan öffnen',
  },
  setup: {
    title: 'Das Haus eröffnen', intro: 'Diese Seite geht einmal, mit dem Link, den der Server beim Start gezeigt hat.', you: 'Sie', house: 'Das Haus', venue: 'Seine erste Spielstätte', name: 'Ihr Name', email: 'E-Mail', password: 'Passwort', passwordHint: 'Mindestens 12 Zeichen.', houseName: 'Name des Hauses', currency: 'Währung', timeZone: 'Zeitzone', venueName: 'Name der Spielstätte', city: 'Stadt', country: 'Land', address: 'Adresse', go: 'Haus eröffnen', done: 'Das Haus ist offen.', toOffice: 'Ins Büro', noToken: 'Der Link ist unvollständig: was nach # steht, fehlt.', wrongLink: 'Das ist nicht der Link, den der Server zuletzt gezeigt hat. Nehmen Sie den neuesten.',
  },
  challenge: {
    title: 'Sind Sie ein Mensch?', why: 'Von hier kamen viele Anfragen, die zu nichts führten, wie Programme sie stellen. Bestehen Sie diese Prüfung, dann geht Ihre weiter.',
    who: (name) => `Die Prüfung kommt von ${name}, das dabei sieht, dass Sie hier sind. Wer das nicht möchte, wartet eine Weile und versucht es dann noch einmal.`, failed: 'Die Prüfung konnte nicht geladen werden, oder sie wurde nicht bestanden.',
  },
  errors: {
    notFound: 'Diese Reihe gibt es nicht', notFoundText: 'Unter dieser Adresse ist nichts. Vielleicht ist das Stück schon nach Hause gegangen.', home: 'Zum Spielplan', broken: 'Diese Seite ist umgefallen', brokenText: 'Ihr Korb und Ihre Bestellung sind davon nicht berührt. Bitte neu laden.', reload: 'Neu laden',
    offline: 'Keine Verbindung. Was Sie sehen, kann alt sein; Ihr Korb läuft nach der Uhr des Hauses weiter.', unreachable: 'Das Haus antwortet nicht. Gleich noch einmal versuchen.', retryIn: (s) => `In ${s} s noch einmal versuchen.`, retryNow: 'Jetzt geht es wieder.',
  },
  footer: { live: 'Alle Pläne sind live.', source: 'Läuft mit Aisle, quelloffen.' },
}
