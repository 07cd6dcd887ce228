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
  invitation: { title: 'Join the house', text: 'You were asked to work with us. Choose a name and a password, or sign in first if you have an account.', textSignedIn: (name: string) => `You join as ${name}.`, go: 'Join', done: 'Welcome to the house', old: 'This invitation was used already, withdrawn, or is too old.', signIn: 'I have an account' },
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
}
