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
  invitation: {
    title: 'Zum Haus gehören', asked: (house) => `${house} lädt Sie zur Mitarbeit ein.`, part: 'Ihre Aufgabe', address: 'Eingeladene Adresse', until: 'Gültig bis',
    role: { organizer: 'Leitung: führt das Haus', box_office: 'Theaterkasse: verkauft am Schalter', scanner: 'Einlass: prüft Karten' },
    makeAccount: 'Sie haben noch kein Konto bei uns. Wählen Sie Name und Passwort.', go: 'Beitreten', makeAndGo: 'Konto anlegen und beitreten',
    haveAccount: 'Zu dieser Adresse gibt es ein Konto. Melden Sie sich damit an; danach sind Sie wieder hier.', signIn: 'Anmelden',
    other: (name) => `Sie sind als ${name} angemeldet, mit einer anderen Adresse. Melden Sie sich ab, um fortzufahren.`, signOut: 'Abmelden und fortfahren',
    ready: (name) => `Sie treten als ${name} bei.`, old: 'Diese Einladung wurde schon benutzt, zurückgezogen oder ist zu alt. Bitten Sie das Haus um eine neue.', noToken: 'Der Link ist nicht vollständig. Öffnen Sie ihn noch einmal aus der Mail.',
  },
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
  twoStep: {
    title: 'Zweiter Schritt', hint: 'Nach dem Passwort ein Code, den nur Ihr Telefon kennt.', on: 'Beim Anmelden wird nach einem Code aus Ihrer App gefragt.', off: 'Nicht eingerichtet.', required: 'Ihre Rolle im Haus verlangt einen zweiten Schritt.', begin: 'Einrichten', scan: 'Mit einer Authenticator-App abfotografieren', orType: 'Oder diesen Schlüssel eintippen:',
    confirm: 'Einschalten', qr: 'Code zum Abfotografieren mit einer Authenticator-App', code: 'Der Code, den die App jetzt zeigt', disable: 'Ausschalten', disableText: 'Dann genügt das Passwort allein, oder ein Passkey.', disabled: 'Der zweite Schritt ist aus.', done: 'Der zweite Schritt ist an.',
    wrongProof: 'Passwort oder Code stimmt nicht.', codeOrRecovery: 'Ein Code aus der App, oder ein Ersatzcode',
    recovery: 'Ersatzcodes', recoveryText: 'Jeder öffnet das Konto einmal, wenn das Telefon weg ist. Sie stehen nur jetzt hier: heben Sie sie dort auf, wo das Telefon nicht ist.', left: (n) => (n === 0 ? 'Kein Ersatzcode ist übrig.' : n === 1 ? '1 Ersatzcode ist übrig.' : `${n} Ersatzcodes sind übrig.`), renew: 'Neue Ersatzcodes machen', renewText: 'Die alten gelten dann nicht mehr.', kept: 'Ich habe sie aufgehoben', wrongCode: 'Dieser Code stimmt nicht. Warten Sie auf den nächsten, und sehen Sie nach der Uhr des Telefons.',
  },
  passkeys: {
    title: 'Passkeys', hint: 'Anmelden mit Finger, Gesicht oder der PIN eines Geräts. Nichts zu merken, nichts zu stehlen.', none: 'Noch keine.', add: 'Passkey hinzufügen', name: 'Wie er heißen soll', nameHint: 'Zum Beispiel: Telefon, Laptop.', rename: 'Umbenennen', renameNamed: (name) => `Umbenennen: ${name}`, remove: 'Entfernen', removeNamed: (name) => `Entfernen: ${name}`,
    removeText: (name) => `\u201e${name}\u201c meldet Sie dann nicht mehr an.`, added: 'Der Passkey ist da. Beim nächsten Anmelden können Sie ihn verwenden.', unsupported: 'Dieser Browser hat hier keine Passkeys; sie brauchen eine sichere Verbindung.', stopped: 'Ihr Gerät hat nicht geantwortet, oder Sie haben abgebrochen. Es hat sich nichts geändert.', known: 'Dieses Gerät hat schon einen Passkey für Ihr Konto.', refused: 'Dieser Passkey ist keiner von uns, oder nicht mehr.',
  },
  linked: { title: 'Andere Konten', hint: 'Anmelden mit einem Konto, das Sie anderswo haben.', none: 'Keines ist verbunden.', connect: (name) => `${name} verbinden`, remove: 'Trennen', removeNamed: (name) => `Trennen: ${name}`, removeText: (name) => `${name} meldet Sie dann nicht mehr an.`, text: (name) => `Sie gehen zu ${name} und kommen hierher zurück.`,
    errors: {
      oauth_denied: 'Sie haben dort abgebrochen. Es hat sich nichts geändert.', oauth_expired: 'Das hat zu lange gedauert. Bitte von vorn.', oauth_unavailable: 'Dort antwortet niemand. Melden Sie sich anders an, oder versuchen Sie es später.', oauth_refused: 'Der Antwort von dort war nicht zu trauen. Es hat sich nichts geändert.',
      oauth_address_taken: 'Zu dieser Adresse gibt es schon ein Konto. Melden Sie sich mit dessen Passwort an, und verbinden Sie beide unter „Anmeldung und Sicherheit“.', oauth_address_unverified: 'Ihre Adresse ist dort nicht bestätigt. Bestätigen Sie sie zuerst dort.', oauth_account_disabled: 'Dieses Konto wurde vom Haus geschlossen.', oauth_linked_elsewhere: 'Jenes Konto gehört hier schon jemand anderem.',
    },
    failed: 'Das ging nicht. Es hat sich nichts geändert.' },
  orders: {
    title: 'Meine Bestellungen', none: 'Noch keine Bestellungen.', noneHint: 'Was Sie angemeldet kaufen, steht hier, und was früher mit der Adresse dieses Kontos gekauft wurde.', look: 'Zum Spielplan',
    elsewhere: 'Mit einer anderen Adresse gekauft?', elsewhereText: 'Öffnen Sie den Link aus jener Mail, während Sie angemeldet sind, und behalten Sie die Bestellung in Ihrem Konto. Ohne die Mail lassen Sie sich den Link noch einmal schicken.', cancellable: 'lässt sich stornieren', more: 'Ältere Bestellungen',
  },
  data: {
    title: 'Meine Daten', export: 'Alles, was wir über Sie haben', exportText: 'Eine Datei, die auch Programme lesen.', exportGo: 'Herunterladen', exportDone: 'Die Datei liegt bei Ihren Downloads.', delete: 'Konto löschen', deleteText: 'Ihr Name und Ihre Adresse werden hier gelöscht. Bestellungen und Rechnungen bleiben ohne sie, solange das Gesetz es verlangt. Karten, die Sie haben, gelten weiter, mit den Links aus Ihrer Post. Das lässt sich nicht rückgängig machen.',
    later: { show_to_come: (day) => `Ihr Name bleibt bis ${day} bei einer Vorstellung, die noch kommt, damit Sie eingelassen werden.`, books: (day) => `Ihr Name bleibt bis ${day} in den Büchern, wie es das Gesetz verlangt.` },
    deleteGo: 'Konto löschen\u2026', deleteYes: 'Für immer löschen', type: (word) => `Zum Weitermachen ${word} eintippen`, deleted: 'Ihr Konto ist gelöscht', deletedText: 'Danke, dass Sie da waren.', deleteStaff: 'Danach arbeiten Sie für kein Haus mehr. Wer ein Haus allein leitet, gibt die Leitung zuerst weiter.',
  },
  copy: 'Kopieren', copied: 'Kopiert.', notCopied: 'Dieser Browser lässt uns nicht kopieren; bitte markieren und selbst kopieren.', download: 'Herunterladen', confirmPassword: 'Ihr Passwort, noch einmal', noPassword: 'Sie haben hier kein Passwort. Es genügt, dass Sie sich in den letzten zehn Minuten angemeldet haben; ist es länger her, melden Sie sich noch einmal an.',
}
