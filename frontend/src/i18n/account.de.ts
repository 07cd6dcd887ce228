import type { account as english } from './account.en'

export const account: typeof english = {
  email: 'E-Mail', name: 'Name', password: 'Passwort', newPassword: 'Neues Passwort', passwordHint: 'Mindestens 12 Zeichen; am besten ein kurzer Satz.', code: 'Code',
  signIn: {
    title: 'Anmelden', go: 'Anmelden', forgot: 'Passwort vergessen?', register: 'Konto anlegen', noAccount: 'Noch kein Konto? Zum Kaufen brauchen Sie keines.', find: 'Eine Bestellung ohne Konto finden',
    wrong: 'Diese E-Mail und dieses Passwort gehören nicht zusammen.', demo: 'Die Anmeldungen dieses Vorführhauses stehen in den Zeilen, die der Server beim Start gezeigt hat.',
    or: 'oder', passkey: 'Mit Passkey anmelden', with: (name) => `Weiter mit ${name}`, again: 'Sie wurden abgemeldet. Zum Weitermachen bitte anmelden.',
  },
  second: {
    title: 'Noch ein Schritt', totp: 'Code aus Ihrer App', totpHint: 'Sechs Ziffern, die sich jede halbe Minute ändern.', recovery: 'Ersatzcode', recoveryHint: 'Einer der Codes, die Sie aufgehoben haben. Jeder gilt einmal.',
    passkeyHint: 'Ihr Gerät fragt nach Fingerabdruck, Gesicht oder PIN.', go: 'Weiter', ways: 'Womit', way: { totp: 'App', recovery_code: 'Ersatzcode', passkey: 'Passkey' },
    wrong: 'Dieser Code stimmt nicht, oder er ist verbraucht.', over: 'Das hat zu lange gedauert. Bitte von vorn.', restart: 'Von vorn',
  },
  register: {
    title: 'Konto anlegen', intro: 'Ihre Bestellungen an einem Ort, auf jedem Gerät. Kaufen geht auch ohne.', go: 'Konto anlegen', have: 'Ich habe ein Konto',
    sent: 'Sehen Sie in Ihre Post', sentText: (email) => `Wir haben an ${email} geschrieben. Der Link darin öffnet das Konto. Falls Sie schon eines haben, steht das in der Mail.`, mailbox: 'Postfach öffnen', spam: 'Nichts da? Sehen Sie in der unerwünschten Post nach, oder beginnen Sie in einigen Minuten neu.', other: 'Andere Adresse verwenden',
  },
  verify: { title: 'Ihre Adresse', go: 'Ja, das ist meine Adresse', asking: 'Ein Druck, und Ihre Adresse ist bestätigt.', done: 'Ihre Adresse ist bestätigt', doneText: 'Jetzt können Sie sich anmelden.', signedIn: 'Sie sind angemeldet.', noToken: 'Der Link ist nicht vollständig. Bitte noch einmal aus der Mail öffnen.', old: 'Dieser Link wurde schon benutzt oder ist zu alt.', toAccount: 'Zu meinem Konto' },
  forgot: { title: 'Ein neues Passwort', intro: 'Wir schicken einen Link an Ihre Adresse. Damit wählen Sie ein neues Passwort.', go: 'Link schicken', sentText: (email) => `Falls es zu ${email} ein Konto gibt, ist der Link unterwegs. Er gilt nur kurze Zeit.` },
  reset: { title: 'Ein Passwort wählen', go: 'Passwort speichern', done: 'Das Passwort ist geändert', doneText: 'Alle anderen Geräte wurden abgemeldet.', old: 'Dieser Link wurde schon benutzt oder ist zu alt. Fordern Sie einen neuen an.', anew: 'Neuen Link anfordern' },
  invitation: { title: 'Zum Haus gehören', text: 'Sie sind eingeladen, mit uns zu arbeiten. Wählen Sie Name und Passwort, oder melden Sie sich zuerst an, wenn Sie ein Konto haben.', textSignedIn: (name) => `Sie treten als ${name} bei.`, go: 'Beitreten', done: 'Willkommen im Haus', old: 'Diese Einladung wurde schon benutzt, zurückgezogen oder ist zu alt.', signIn: 'Ich habe ein Konto' },
  menu: { open: 'Konto', account: 'Konto', security: 'Anmeldung und Sicherheit', orders: 'Meine Bestellungen', data: 'Meine Daten', out: 'Abmelden', signIn: 'Anmelden' },
  rooms: 'Teile des Kontos',
  profile: {
    wrongPassword: 'Das jetzige Passwort stimmt nicht.',
    title: 'Konto', saved: 'Gespeichert.', save: 'Speichern', address: 'E-Mail-Adresse', addressText: (email) => `Post geht an ${email}.`, change: 'Adresse ändern', newAddress: 'Neue Adresse', currentPassword: 'Jetziges Passwort',
    sent: (email) => `Wir haben an ${email} geschrieben. Die Adresse ändert sich, wenn Sie den Link darin öffnen.`,
  },
  security: {
    title: 'Anmeldung und Sicherheit', password: 'Passwort', passwordGo: 'Passwort ändern', passwordDone: 'Das Passwort ist geändert. Alle anderen Geräte wurden abgemeldet.', sessions: 'Wo Sie angemeldet sind', sessionsHint: 'Beenden Sie, was Sie nicht kennen, und ändern Sie dann das Passwort.',
    thisOne: 'dieses Gerät', end: 'Beenden', endThis: 'Abmelden', ended: 'Beendet.', lastUsed: (when) => `zuletzt ${when}`, since: (when) => `seit ${when}`, unknownDevice: 'Unbekanntes Gerät', noSessions: 'Nur dieses.', endNamed: (name) => `Beenden: ${name}`,
  },
}
