"""The everyday words of the trade, told to the transcriber so that it hears « mon usager » and not « mon usage »."""

# Short on purpose: on 12 spoken questions a list of documents and allowances made the transcriber worse (11 words of
# 100 wrong instead of 9; 12 with no hint at all), and what is here comes back when there is nothing to hear.
PROMPT = "Mon usager, mon usagère, ma bénéficiaire, une démarche, un mandat Aidants Connect."
