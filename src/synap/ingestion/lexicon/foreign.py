"""Function words and cues of the other languages whose sentences are kept as they are: de, es, fr, pt, it, zh, ja."""

from __future__ import annotations

from synap.ingestion.lexicon.sets import word_set

FUNCTION_WORDS = {
    "de": "ich du er wir ihr mich mir mein meine meinen meiner und oder nicht kein keine der die das den dem ein eine einen einer ist bin sind war habe hat haben wird werde in im am auf für mit von zu zum zur seit auch aber sehr gerne gern bitte immer jeden nach bei wohne arbeite heute morgen gestern heiße heißt heissen wohnt arbeitet schwester bruder mutter vater sohn tochter freundin freund frau unser unsere meinem",
    "es": "nunca jamás he hemos había ella ellos yo tú él nosotros mi mis me te se y o no el la los las un una unos de del en con por para que es soy estoy está tengo tiene vivo trabajo muy pero también siempre desde mañana ayer hoy por favor este esta gusta gustan llama llamo hermano hermana madre padre hijo hija esposa esposo vive trabaja está han",
    "fr": "je j' tu il elle nous vous mon ma mes me te se et ou ne pas le la les un une des de du en dans avec pour que qui est suis ai as avons j'ai habite travaille très mais aussi toujours depuis demain hier aujourd'hui s'il chez au aux à c'est s' s'appelle m'appelle frère soeur sœur mère père fille fils femme mari habite vit",
    "pt": "eu você ele ela nós meu minha meus minhas me e ou não o a os as um uma de do da no na em com por para que é sou estou tenho moro trabalho muito mas também sempre desde amanhã ontem hoje gosto são chama chamo irmão irmã mãe pai filho filha esposa marido mora trabalha",
    "it": "io tu lui lei noi mio mia miei mie mi ti si e o non il lo la i gli le un una di del della in con per che è sono sto ho abito lavoro molto ma anche sempre da domani ieri oggi piace piacciono nel alla vivo chiama chiamo fratello sorella madre padre figlio figlia moglie marito abita vive lavora",
}
"""ISO 639-1 code to words that sentences of the language are held together by."""

ENGLISH = word_set(
    "i you he she it we they my your his her our their me him us them the a an and or but not is am are was were be been have has had do does did will would can could should in on at to for with from of that this these those i'm i've it's don't so just about as if when what who how all there here very too also by"
)

PREFERENCE_CUES = {
    "de": "ich mag|am liebsten|mag ich|ich liebe|ich hasse|bevorzuge|lieber|lieblings|gefällt mir|schmeckt mir|ich esse gern|gerne|ungern|kann nicht leiden|immer auf|antworte|(?:bitte|mir|uns) immer|ab jetzt|von jetzt an",
    "es": r"me gusta|me gustan|me encanta|me encantan|prefiero|odio|detesto|favorit|no me gusta|no soporto|siempre en|a partir de ahora|de ahora en adelante|respond\w* siempre|prefier|me caen? mal|me chifla|llámame",
    "fr": "j'aime|j\u2019aime|j'adore|j\u2019adore|je préfère|je déteste|préféré|je n'aime|je n\u2019aime|plutôt|toujours en|désormais|dorénavant|appelle-moi",
    "pt": "eu gosto|gosto de|adoro|prefiro|odeio|detesto|favorit|não gosto|sempre em|a partir de agora|daqui em diante|detest|prefer|me chame",
    "it": "mi piace|mi piacciono|adoro|preferisco|odio|detesto|preferit|non mi piace|sempre in|d'ora in poi|chiamami",
    "zh": "我喜欢|我爱|我讨厌|我不喜欢|更喜欢|偏好|最喜欢|受不了|宁愿|请总是|以后请|请以后|以后都|从现在起|请用",
    "ja": "[がは](?:大好き|好き|大嫌い|嫌い|苦手)|方がいい|ほうがいい|のほうが好き|いつも.*ください|今後は|これからは.*(?:ください|ほしい)",
}
"""ISO code to a pattern of turns of phrase that tell a preference."""

EMOTION_CUES = {
    "de": r"ich bin (?:\w+ )?(?:traurig|glücklich|wütend|besorgt|nervös|gestresst|enttäuscht|aufgeregt|froh|frustriert|müde|erleichtert|stolz|genervt)|ich habe angst|ich freue mich|fühle mich",
    "es": r"estoy (?:\w+ )?(?:triste|feliz|enfadad|enojad|preocupad|nervios|estresad|decepcionad|emocionad|frustrad|aliviad|orgullos|cansad)|tengo miedo|me siento",
    "fr": r"je suis (?:\w+ )?(?:triste|heureu|en colère|inqui|nerveu|stressé|déçu|frustré|soulagé|fier|fière|énervé|ravi)|j['\u2019]ai peur|je me sens",
    "pt": r"estou (?:\w+ )?(?:triste|feliz|zangad|preocupad|nervos|estressad|desapontad|animad|frustrad|aliviad|cansad)|tenho medo|me sinto",
    "it": r"sono (?:\w+ )?(?:triste|felice|arrabbiat|preoccupat|nervos|stressat|delus|emozionat|frustrat|sollevat|orgoglios)|ho paura|mi sento",
    "zh": "(?:我|让我|令我)[^\uff0c。\uff01\uff1f]{0,12}?(?:很|非常|好|真的|有点|太)?(?:难过|高兴|开心|生气|担心|紧张|失望|兴奋|害怕|焦虑|伤心|孤独|自豪|后悔|激动|沮丧)",
    "ja": "悲しい|悲しく|嬉しい|うれしい|嬉しかった|怒って|腹が立|心配|不安|がっかり|ワクワク|わくわく|怖い|怖く|寂しい|さびしい|緊張し|後悔し|ほっとし|感動し",
}

EPISODE_CUES = {
    "de": r"\b(?:gestern|letzte[nrs]?|vorgestern|vor (?:\w+ )?(?:tagen?|wochen?|monaten?|jahren?))\b|\bich (?:habe|bin) .*\b(?:ge\w+t|ge\w+en|\w+iert)\b",
    "es": r"\b(?:ayer|anteayer|la semana pasada|el (?:mes|año) pasado|hace \w+)\b",
    "fr": r"\b(?:hier|avant-hier|la semaine dernière|le mois dernier|l['\u2019]année dernière|l['\u2019]an dernier|il y a)\b",
    "pt": r"\b(?:ontem|anteontem|na semana passada|no (?:mês|ano) passado|há \w+)\b",
    "it": r"\b(?:ieri|l['\u2019]altro ieri|la settimana scorsa|il mese scorso|l['\u2019]anno scorso|\w+ fa)\b",
    "zh": "昨天|前天|上周|上个月|去年",
    "ja": "昨日|きのう|先週|先月|去年|おととい",
}

OWN_CUES = {
    "de": r"\b(?:ich|mein\w*|mir|mich|wir|unser\w*)\b",
    "es": r"\b(?:yo|mi|mis|me|conmigo|soy|estoy|tengo|vivo|trabajo|voy|hago|nuestr\w+|somos|tenemos|he|hemos|(?!aqu|as|all|ah|s[íé]\b|caf|beb|qu)\w+[éí])\b",
    "fr": r"\b(?:je|mon|ma|mes|me|nous|notre)\b|\bj['\u2019]|\bm['\u2019]",
    "pt": r"\b(?:eu|meu|minha|meus|minhas|me|sou|estou|tenho|moro|trabalho|vou|faço|nós|noss\w+|(?!lei\b|rei\b)\w+ei|perdi|comi|vivi|nasci|decidi|parti|vendi|aprendi|escrevi|recebi|corri|fui|fiz|tive|estive)\b",
    "it": r"\b(?:io|mio|mia|miei|mie|mi|sono|sto|ho|abito|vivo|lavoro|vado|faccio|noi|nostr\w+|\w+iamo)\b",
    "zh": "我|咱",
    "ja": "私|わたし|僕|ぼく|俺|うち|(?:^|[、。\\s])(?:父|母|兄|姉|弟|妹|息子|娘|妻|夫|主人|祖父|祖母|家族|彼女|彼氏)(?:は|が|の|と|も)|(?:昨日|きのう|先週|先月|去年|おととい|今朝|昨夜|来週|来月|来年|明日|あさって|今度).*(?:ました|ます|です|だった|った)",
}
"""ISO code to what shows that a sentence is about its speaker."""

RETRACTION_CUES = {
    "de": r"^(?:bitte |und )?(?:vergiss|vergessen sie|ignorier\w*|streich\w*|lösch\w*|verwirf|nimm)\b",
    "es": r"^(?:por favor,? )?(?:olv[ií]da\w*|olvide\w*|ignora\w*|borra\w*|elimina\w*|descarta\w*)\b",
    "fr": r"^(?:s['\u2019]il (?:te|vous) pla[iî]t,? )?(?:oublie\w*|ignore\w*|efface\w*|supprime\w*)\b",
    "pt": r"^(?:por favor,? )?(?:esque[cç]\w*|ignor\w*|apag\w*|descart\w*|exclu\w*)\b",
    "it": r"^(?:per favore,? )?(?:dimentic\w*|ignora\w*|cancell\w*|scart\w*|lascia perdere)\b",
    "zh": "^请?(?:忘记|忘掉|忽略|删除|别记)",
    "ja": "忘れて|無視して|消して|削除して",
}
"""ISO code to orders to forget something: no statements, whatever they name."""

RETRACTION_TOPICS = {
    "de": r"\b(?:über|von|zu) (?P<topic>.+?)(?: (?:gesagt|erzählt|erwähnt|geschrieben)\b.*)?[.!]*$",
    "es": r"\b(?:sobre|de|acerca de) (?P<topic>[^.!]+)[.!]*$",
    "fr": r"\b(?:sur|de|concernant|à propos de) (?P<topic>[^.!]+)[.!]*$",
    "pt": r"\b(?:sobre|de|a respeito de) (?P<topic>[^.!]+)[.!]*$",
    "it": r"\b(?:su|sul|sulla|di|riguardo a) (?P<topic>[^.!]+)[.!]*$",
}
"""ISO code to what such an order is about, where it says so."""

NEGATION_CUES = {
    "de": r"\b(?:nicht|kein\w*|nie|hasse|ungern)\b",
    "es": r"\b(?:no|nunca|odio|detesto)\b",
    "fr": r"\b(?:ne|n['\u2019]\w+|pas|jamais|déteste)\b",
    "pt": r"\b(?:não|nunca|odeio|detesto)\b",
    "it": r"\b(?:non|mai|odio|detesto)\b",
    "zh": "不|没|讨厌",
    "ja": "ない|ません|嫌い|苦手",
}

SOCIAL_CUES = {
    "de": r"^(?:(?:hallo|guten \w+|tschüss|super|alles klar)\b.{0,24}|(?:danke|vielen dank|herzlichen dank)\b(?!.*\b(?:ich|wir|mein\w*|unser\w*)\b).{0,60}|(?:bitte|ok|ja|nein)\b[\s,.!]*\w{0,12}[\s.!]*)$",
    "es": r"^(?:(?:hola|buenos \w+|buenas \w+|adiós|vale|claro)\b.{0,24}|(?:muchas )?gracias\b.{0,40}|(?:ok|sí|no)\b[\s,.!]*\w{0,12}[\s.!]*)$",
    "fr": r"^(?:(?:bonjour|salut|au revoir|bonsoir|d['\u2019]accord)\b.{0,24}|merci\b.{0,40}|(?:ok|oui|non)\b[\s,.!]*\w{0,12}[\s.!]*)$",
    "pt": r"^(?:(?:olá|oi|bom dia|boa \w+|tchau|certo)\b.{0,24}|(?:muito )?obrigad[oa]\b.{0,40}|(?:ok|sim|não)\b[\s,.!]*\w{0,12}[\s.!]*)$",
    "it": r"^(?:(?:ciao|buongiorno|buonasera|va bene|certo)\b.{0,24}|grazie\b.{0,40}|(?:ok|sì|no)\b[\s,.!]*\w{0,12}[\s.!]*)$",
    "zh": "^(?:(?:你好|大家好|好的|再见|是的|不是|早上好|晚上好).{0,4}|(?:谢谢|多谢).{0,12})$",
    "ja": "^(?:こんにちは|こんばんは|ありがとう|はい|いいえ|了解|おはよう|おやすみ).{0,8}$",
}

CONJUNCTIONS = {
    "de": r",?\s+und\s+(?:(?:ich|wir)\s+)?(?=(?:wohne|arbeite|lebe|komme|spreche|habe|bin|mag|liebe|esse|trinke|spiele|studiere|reise|lerne|fahre|heiße)\b)",
    "es": r",?\s+y\s+(?=(?:yo\s+)?(?:vivo|trabajo|soy|estoy|tengo|hablo|estudio|me\s|prefiero|odio|juego|como|bebo)\b)",
    "fr": r",?\s+et\s+(?=(?:je\s|j['\u2019]))",
    "pt": r",?\s+e\s+(?=(?:eu\s+)?(?:moro|trabalho|sou|estou|tenho|falo|estudo|gosto|prefiro|odeio|jogo)\b)",
    "it": r",?\s+e\s+(?=(?:io\s+)?(?:vivo|abito|lavoro|sono|ho|parlo|studio|mi\s|preferisco|odio|gioco)\b)",
    "zh": "[\uff0c,\uff1b;]",
    "ja": "(?<![日週月年朝夜はが])[、\uff1b]",
}
"""ISO code to where a sentence with two statements is cut."""

TASK_CUES = {
    "de": r"^(?:bitte )?(?:(?:schreib|erklär|erkläre|zeig|gib|sag|nenn|such|übersetz|fass|mach|hilf|erstell|erzähl)\w*\b)",
    "es": r"^(?:por favor,? )?(?:escr[ií]b\w*|expl[ií]ca\w*|muéstra\w*|da(?:me|nos)\b|d[ií](?:me|nos)\b|tradu[cz]\w*|resum\w*|busca\w*|haz\w*|ayúda\w*|cuénta\w*)\b",
    "fr": r"^(?:s['\u2019]il (?:te|vous) pla[iî]t,? )?(?:écri[sv]\w*|expliqu\w*|montr\w*|donn\w*|dis-\w+|tradui\w*|résum\w*|cherch\w*|fais\b|aid\w*|racont\w*)\b",
    "pt": r"^(?:por favor,? )?(?:escrev\w*|expli[cq]\w*|mostr\w*|d[êá]-?me\b|diga\w*|diz\w*|tradu[zç]\w*|resum\w*|procur\w*|faz\w*|faça|ajud\w*|cont[ea]-\w+)\b",
    "it": r"^(?:per favore,? )?(?:scriv\w*|spiega\w*|mostra\w*|da(?:mmi|cci)\b|di(?:mmi|cci)\b|tradu\w*|riassum\w*|cerca\w*|fa(?:i|mmi)\b|aiuta\w*|racconta\w*)\b",
    "zh": "^(?:请|麻烦)?(?:你)?(?:帮我|给我|帮忙|告诉我|翻译|写|解释|总结|列出|推荐|讲)",
    "ja": "(?:書いて|教えて|説明して|翻訳して|訳して|要約して|作って|調べて|手伝って|見せて|挙げて)(?:ください|下さい|くれ|ほしい|もらえ|$)",
}
"""ISO code to orders for the moment, which tell nothing of their speaker."""
