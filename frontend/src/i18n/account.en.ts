/** What the house says about accounts, in English. */
export const account = {
  email: 'E-mail', name: 'Name', password: 'Password', newPassword: 'New password', passwordHint: 'At least 12 characters; a short sentence is best.', code: 'Code',
  signIn: {
    title: 'Sign in', go: 'Sign in', forgot: 'Forgot the password?', register: 'Make an account', noAccount: 'No account yet? You don\u2019t need one to buy.', find: 'Find an order without an account',
    wrong: 'This e-mail and password do not belong together.', demo: 'The logins of this demonstration house stand in the lines that the server printed when it started.',
    or: 'or', passkey: 'Use a passkey', with: (name: string) => `Go on with ${name}`, again: 'You were signed out. Sign in to go on.',
  },
  second: {
    title: 'One more step', totp: 'Code from your app', totpHint: 'Six digits that change every half minute.', recovery: 'Recovery code', recoveryHint: 'One of the codes that you kept. Each works once.',
    passkeyHint: 'Your device asks for your fingerprint, face or PIN.', go: 'Go on', ways: 'How to prove it', way: { totp: 'App', recovery_code: 'Recovery code', passkey: 'Passkey' },
    wrong: 'This code is not right, or was used already.', over: 'This took too long. Begin again.', restart: 'Begin again',
  },
  register: {
    title: 'Make an account', intro: 'Your orders in one place, on every device. Buying works without it.', go: 'Make the account', have: 'I have an account',
    sent: 'Look into your mail', sentText: (email: string) => `We wrote to ${email}. The link in that mail opens the account. If you have one already, the mail says so.`, mailbox: 'Open the mailbox', spam: 'Nothing there? Look among the unwanted mail, or begin again in some minutes.', other: 'Use another address',
  },
  verify: { title: 'Your address', go: 'Yes, this is my address', asking: 'One press, and your address is confirmed.', done: 'Your address is confirmed', doneText: 'You can sign in now.', signedIn: 'You are signed in.', noToken: 'The link is not complete. Open it from the mail again.', old: 'This link was used already, or is too old.', toAccount: 'To my account' },
  forgot: { title: 'A new password', intro: 'We send a link to your address. With it you choose a new password.', go: 'Send the link', sentText: (email: string) => `If there is an account for ${email}, the link is on its way to it. It works for a short time.` },
  reset: { title: 'Choose a password', go: 'Save the password', done: 'The password is changed', doneText: 'Every other device was signed out.', old: 'This link was used already, or is too old. Ask for a new one.', anew: 'Ask for a new link' },
  invitation: {
    title: 'Join the house', asked: (house: string) => `${house} asks you to work with them.`, part: 'Your part', address: 'Invited address', until: 'Good until',
    role: { organizer: 'Organizer: runs the house', box_office: 'Box office: sells at the counter', scanner: 'Scanner: admits tickets' } as Record<string, string>,
    makeAccount: 'You have no account with us yet. Choose a name and a password.', go: 'Join', makeAndGo: 'Make the account and join',
    haveAccount: 'There is an account with this address. Sign in with it, and you come back here.', signIn: 'Sign in',
    other: (name: string) => `You are signed in as ${name}, with another address. Sign out to go on.`, signOut: 'Sign out and go on',
    ready: (name: string) => `You join as ${name}.`, old: 'This invitation was used already, withdrawn, or is too old. Ask the house for a new one.', noToken: 'The link is not complete. Open it from the mail again.',
  },
  menu: { open: 'Account', account: 'Account', security: 'Sign-in and security', orders: 'My orders', data: 'My data', out: 'Sign out', signIn: 'Sign in' },
  rooms: 'Parts of the account',
  profile: {
    wrongPassword: 'The present password is not right.',
    title: 'Account', saved: 'Saved.', save: 'Save', address: 'E-mail address', addressText: (email: string) => `Mails go to ${email}.`, change: 'Change the address', newAddress: 'New address', currentPassword: 'Present password',
    sent: (email: string) => `We wrote to ${email}. The address changes when you open the link in that mail.`,
  },
  security: {
    title: 'Sign-in and security', password: 'Password', passwordGo: 'Change the password', passwordDone: 'The password is changed. Every other device was signed out.', sessions: 'Where you are signed in', sessionsHint: 'End what you don\u2019t know, and change the password then.',
    thisOne: 'this device', end: 'End', endThis: 'Sign out', ended: 'Ended.', lastUsed: (when: string) => `last used ${when}`, since: (when: string) => `since ${when}`, unknownDevice: 'Unknown device', noSessions: 'Only this one.', endNamed: (name: string) => `End: ${name}`,
  },
  twoStep: {
    title: 'Second step', hint: 'After the password, a code that only your phone knows.', on: 'A code from your app is asked for when you sign in.', off: 'Not set up.', required: 'Your role in the house asks for a second step.', begin: 'Set up', scan: 'Scan this with an authenticator app', orType: 'Or type this key into it:',
    confirm: 'Turn it on', qr: 'Code to scan with an authenticator app', code: 'The code that the app shows now', disable: 'Turn it off', disableText: 'Then the password alone signs you in, or a passkey.', disabled: 'The second step is off.', done: 'The second step is on.',
    wrongProof: 'The password or the code is not right.', codeOrRecovery: 'A code from the app, or a recovery code',
    recovery: 'Recovery codes', recoveryText: 'Each opens the account once, when the phone is lost. They are shown only now: keep them where the phone is not.', left: (n: number) => (n === 0 ? 'No recovery code is left.' : n === 1 ? '1 recovery code is left.' : `${n} recovery codes are left.`), renew: 'Make new recovery codes', renewText: 'The old ones stop working.', kept: 'I have kept them', wrongCode: 'This code is not right. Wait for the next one, and look at the phone\u2019s clock.',
  },
  passkeys: {
    title: 'Passkeys', hint: 'Sign in with your finger, your face or the PIN of a device. Nothing to remember, nothing to steal.', none: 'None yet.', add: 'Add a passkey', name: 'What to call it', nameHint: 'For example: phone, laptop.', rename: 'Rename', renameNamed: (name: string) => `Rename: ${name}`, remove: 'Remove', removeNamed: (name: string) => `Remove: ${name}`,
    removeText: (name: string) => `\u201c${name}\u201d will no longer sign you in.`, added: 'The passkey is there. Use it at your next sign-in.', unsupported: 'This browser has no passkeys here; they need a secure connection.', stopped: 'Your device did not answer, or you stopped it. Nothing has changed.', known: 'This device has a passkey for your account already.', refused: 'This passkey is not, or no longer, one of ours.',
  },
  linked: { title: 'Other accounts', hint: 'Sign in with an account that you have elsewhere.', none: 'None is connected.', connect: (name: string) => `Connect ${name}`, remove: 'Disconnect', removeNamed: (name: string) => `Disconnect: ${name}`, removeText: (name: string) => `${name} will no longer sign you in.`, text: (name: string) => `You go to ${name}, and come back here.`,
    errors: {
      oauth_denied: 'You stopped it there. Nothing has changed.', oauth_expired: 'That took too long. Begin again.', oauth_unavailable: 'They do not answer. Sign in another way, or try again later.', oauth_refused: 'What they sent back could not be believed. Nothing has changed.',
      oauth_address_taken: 'There is an account with this address already. Sign in with its password, then connect the two in “Sign-in and security”.', oauth_address_unverified: 'They have not confirmed your address. Confirm it there first.', oauth_account_disabled: 'This account was closed by the house.', oauth_linked_elsewhere: 'That account belongs to somebody else here already.',
    } as Record<string, string>,
    failed: 'That did not work. Nothing has changed.' },
  orders: {
    title: 'My orders', none: 'No orders yet.', noneHint: 'What you buy while signed in stands here, and what was bought before with the address of this account.', look: 'See what\u2019s on',
    elsewhere: 'Bought with another address?', elsewhereText: 'Open the link in that mail while you are signed in, and keep the order in your account. Without the mail, have the link sent again.', cancellable: 'can be cancelled', more: 'Older orders',
  },
  data: {
    title: 'My data', export: 'Everything we keep about you', exportText: 'One file, in a form that programs read too.', exportGo: 'Download', exportDone: 'The file is with your downloads.', delete: 'Delete the account', deleteText: 'Your name and address are erased here. Orders and invoices stay without them as long as the law asks. Tickets that you hold stay good, with the links from your mails. This cannot be undone.',
    later: { show_to_come: (day: string) => `Your name stays until ${day} with a show that is still to come, so that you are let in.`, books: (day: string) => `Your name stays in the books until ${day}, as the law asks.` } as Record<string, (day: string) => string>,
    deleteGo: 'Delete the account\u2026', deleteYes: 'Delete for ever', type: (word: string) => `Type ${word} to go on`, deleted: 'Your account is deleted', deletedText: 'Thank you for having been here.', deleteStaff: 'You no longer work for any house then. Who alone runs a house makes somebody else its organizer first.',
  },
  copy: 'Copy', copied: 'Copied.', notCopied: 'This browser did not let us copy it; mark it and copy it yourself.', download: 'Download', confirmPassword: 'Your password, once more', noPassword: 'You have no password here. It is enough that you signed in within the last ten minutes; if it was longer ago, sign in once more.',
}
