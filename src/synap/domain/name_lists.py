"""Words about names: titles, given names, short forms, abbreviations, and nouns that tell what a named thing is."""

from __future__ import annotations

from synap.domain.wordlists import listed

MALE_TITLES = frozenset(listed("mr mister sir lord herr monsieur señor senor signor"))
FEMALE_TITLES = frozenset(listed("mrs ms miss madam lady dame frau madame mme mlle señora senora signora"))
TITLES = (
    MALE_TITLES | FEMALE_TITLES | frozenset(listed("dr prof professor doctor rev father brother sister saint st mx"))
)
"""What stands before a person's name and is no part of it."""

ORGANISATION_NOUNS = frozenset(
    listed(
        """
    group holding holdings partners associates industries enterprises labs laboratories technologies systems solutions
    software consulting logistics traders trading robotics motors airlines airways bank insurance university college
    institute school hospital clinic foundation agency ministry council committee union association society press
    records studios studio pharmaceuticals pharma energy electronics foods brewery bakery works capital ventures media
    networks telecom railways shipping
    """
    )
)
"""Last words of the names of organisations."""

PLACE_NOUNS = frozenset(
    listed(
        """
    street road avenue lane square park bridge river lake mountain mount island beach valley bay harbour harbor forest
    castle station airport county province region peninsula
    """
    )
)
"""Last words of the names of places."""

GIVEN_NAMES = frozenset(
    listed(
        """
    aaron abdul abigail adam adrian agnes ahmed aidan aisha alan albert alejandro alex alexander alexandra alexei alfred
    ali alice alicia alina alison allison amanda amara amelia amina amir amy ana anastasia anders andre andrea andreas
    andrew andy angela angelica anil anita anja ann anna anne annie anthony anton antonia antonio anya arjun arnold
    arthur arun asha astrid audrey aurora ayesha barbara beatrice beatriz becky ben benedict benjamin bernard bernd
    beth bianca bilal birgit bjorn boris brad brandon brenda brendan brian bridget bruno bryan camila camille carla
    carlos carmen carol carolina caroline carolyn catalina catherine cecilia cedric celine cesar charles charlie
    charlotte chen chiara chloe chris christian christina christine christopher claire clara claude claudia colin
    conor connor craig cristina cynthia daisy dana daniel daniela danielle darius darren dave david deborah deepak
    denise dennis derek diana diego dieter dimitri dina dmitri dominic dominik donald donna dora doris dorothy douglas
    duncan dylan eddie edgar edith eduardo edward eileen elaine eleanor elena eli elias elif elisa elisabeth eliza
    elizabeth ella ellen elliot elsa emil emilia emily emma enrique eric erica erik erika ernest esther ethan eugene
    eva eve evelyn ezra fabian fatima felicity felix fernando fiona florian francesca francesco francis francisco frank
    franz fred freya frida fritz gabriel gabriela gabriele gareth gary gavin gemma geoff geoffrey george gerald gerard
    gerhard gilbert gina giovanni giulia gloria gordon greg gregory greta guillermo gunther gustav guy hannah hans
    harald harold harriet harry hassan hector heidi helen helena helga henrik henry herbert hiroshi holly howard hugh
    hugo ian ibrahim ida ilse imran ines inga ingrid irene irina iris isaac isabel isabella ismail ivan ivy jack jackie
    jacob jacqueline jaime jake jakob james jamie jan jana jane janet janine jasmin jasmine jason javier jean jeff
    jeffrey jennifer jenny jeremy jerome jesse jessica jill jim jimmy joan joana joanna joao joe joel johan johanna
    johannes john johnny jonas jonathan jorge jose josef joseph josh joshua juan judith judy julia julian juliana julie
    juliet julio julius justin kaito kamal karen karim karin karl karla kasia kate katharina katherine kathleen kathryn
    katie katja keiko keith kelly ken kenji kenneth kevin khalid kiran klaus kristina kumar kurt kyle lara lars laura
    lauren laurent lea leah lee leila lena leo leon leonard leonardo leonie leonora leslie leticia lewis liam lidia
    lila lilian lily linda lisa liz lorena lorenzo louis louisa louise luca lucas lucia lucy luigi luis luisa luka
    lukas luke lydia lynn mabel magda magdalena malik manfred manuel mara marc marcel marcela marco marcos marcus
    margaret margot maria mariam marianne marie marina mario marion marisol mark markus marta martha martin martina
    mary mateo mathilde matilda matt matteo matthew matthias maureen maurice max maxim maya megan mehmet mei melanie
    melissa mia michael michaela michel michelle miguel mike mikhail mila milan mina mira miriam mohamed mohammad
    mohammed moira molly monica monika muhammad murat mustafa nadia nancy naomi natalia natalie natasha nathan nathalie
    neil nicholas nick nicola nicolas nicole nigel nikhil nikita nikolai nina noah noel nora norman odette olaf oleg
    olga oliver olivia omar orla oscar oskar otto owen pablo pamela paolo patricia patrick paul paula pauline pavel
    pedro peggy penelope pete peter petra philip philipp philippe phoebe pia pierre pilar priya rachel rafael rahul raj
    rajesh ralph ramon raquel rashid raymond rebecca regina reza rhys ricardo richard rita rob robert roberta roberto
    robin roderick rodrigo roger roland roman ronald rosa rosalind rosie roxana ruben rudolf rupert russell ruth ryan
    sabine sabrina salma sam samantha samir samuel sandra sanjay sara sarah sascha sasha scott sean sebastian selma
    serena sergei sergio shannon sharon sheila shirley silvia simon simone sofia sonia sonja sophia sophie stefan
    stefanie stella stephan stephanie stephen steve steven stuart sunita susan susanne suzanne svetlana sven sylvia
    takeshi tamara tanja tanya tariq tatiana ted teresa teun thea theo theodore theresa thomas tim timothy tina tobias
    tom tomas tommy tony tracy tristan ulrich ulrike ursula valentina valeria vanessa vera veronica vicky victor
    victoria vijay viktor vincent viola violeta vivian vladimir walter wanda wei wendy werner wilhelm will william
    wolfgang xavier yara yasmin yuki yusuf yvonne zachary zainab zara zoe zofia
    """
    )
)
"""Given names of many languages, without those that are at least as well known as places or brands."""

PERSONAL_VERBS = frozenset(
    listed(
        """
    admire adore agree apologise apologize argue ask babysit bake believe bike bird-watch blush breed brew camp carve
    celebrate chat chew climb coach collect complain compose confess congratulate cook crochet cry cycle dance detest
    dislike draw dream dress drink drive eat embroider enjoy envy fast feel fish flirt forget forgive garden gossip graduate
    greet grieve grumble hate hike hope hug hum invite jog joke juggle kayak kiss knit laugh learn lecture like listen live
    love marry meditate mention miss mourn mow nap nod paddle paint phone play pray prefer preach promise prune quilt read
    recall recite regret rehearse remember resent retire ride row run sail say sculpt sew shave shout sigh sing sketch ski
    skate sleep smile smoke snore sob speak stammer stutter study suggest surf swear swim talk tango teach tell text thank
    think travel trust tune visit volunteer vote walk want waltz wave wear weep weld whisper whistle wish wonder worry
    worship wrestle write yawn
    said told thought felt met sang wrote rode drove spoke flew wore drank ate slept knew taught swam drew swore wept
    fell dreamt forgot forgave ran woke
        """
    )
)
"""Verbs, and pasts of them, whose subject is a person."""

SHORT_NAMES = {
    short: full
    for full, shorts in {
        "robert": "bob bobby rob robbie bert",
        "william": "bill billy will liam",
        "elizabeth": "liz lizzie beth betty eliza",
        "katherine": "kate kathy katie kat",
        "catherine": "cathy cath",
        "margaret": "maggie peggy meg",
        "michael": "mike mick mickey",
        "richard": "rick dick richie",
        "james": "jim jimmy jamie",
        "thomas": "tom tommy",
        "joseph": "joe joey",
        "edward": "ed eddie ted",
        "anthony": "tony",
        "andrew": "andy drew",
        "alexander": "alex sasha",
        "alexandra": "alex sasha",
        "daniel": "dan danny",
        "david": "dave",
        "matthew": "matt",
        "nicholas": "nick",
        "christopher": "chris",
        "christina": "chris tina",
        "benjamin": "ben benny",
        "samuel": "sam sammy",
        "samantha": "sam",
        "jonathan": "jon",
        "joshua": "josh",
        "jennifer": "jen jenny",
        "jessica": "jess",
        "patricia": "pat patty trish",
        "patrick": "pat paddy",
        "susan": "sue susie",
        "stephen": "steve",
        "steven": "steve",
        "timothy": "tim",
        "rebecca": "becky",
        "deborah": "debbie deb",
        "theodore": "ted theo",
        "francisco": "paco pancho",
        "jose": "pepe",
        "johannes": "hans",
        "wilhelm": "willi",
        "friedrich": "fritz",
        "giuseppe": "beppe",
    }.items()
    for short in shorts.split()
}
"""Short forms of given names; two people share one only together with their last name."""

ABBREVIATIONS = {
    "k8s": "kubernetes",
    "postgres": "postgresql",
    "pg": "postgresql",
    "js": "javascript",
    "ts": "typescript",
    "vscode": "visual studio code",
    "vs code": "visual studio code",
    "gcp": "google cloud platform",
    "aws": "amazon web services",
    "golang": "go",
    "gha": "github actions",
    "gdocs": "google docs",
    "ms teams": "microsoft teams",
    "wapp": "whatsapp",
    "fb": "facebook",
    "insta": "instagram",
    "nyc": "new york city",
    "sf": "san francisco",
    "uk": "united kingdom",
    "usa": "united states of america",
    "uae": "united arab emirates",
}
"""Abbreviations that everybody takes for the same."""
