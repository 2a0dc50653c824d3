"""Files made text: what is handed in as txt, md, html, csv, eml, pdf, docx or a chat export becomes a document."""
