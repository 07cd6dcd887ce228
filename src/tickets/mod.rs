//! Tickets: issuing, signed QR codes, pictures, PDF.
