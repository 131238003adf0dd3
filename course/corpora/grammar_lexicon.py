"""The words of the shipped English-Spanish grammar, as tables.

Columns are separated by two or more spaces. Only what a rule cannot know is written down: an
irregular plural or past follows its word after a slash, a regular form is left to
`course.corpora.grammar_forms`.
"""

from __future__ import annotations

import re


def rows(table: str) -> list[list[str]]:
    """Splits a table of words into its cells.

    Args:
        table: one entry a line, columns separated by two or more spaces.

    Returns:
        A list of cells for every line that is not blank.
    """
    return [re.split(r"\s{2,}", line.strip()) for line in table.splitlines() if line.strip()]


# english[/plural]  spanish  gender  classes
# "fa" marks a feminine noun that takes "el" in the singular: el agua fría.
NOUNS = """
apple             manzana        f   fruit
orange            naranja        f   fruit
banana            plátano        m   fruit
tomato/tomatoes   tomate         m   fruit
egg               huevo          m   fruit
sandwich          sándwich       m   snack
salad             ensalada       f   snack
bread             pan            m   food mass
rice              arroz          m   food mass dish
meat              carne          f   food mass dish
fish              pescado        m   food mass dish
chicken           pollo          m   food mass dish
soup              sopa           f   food mass dish
cheese            queso          m   food mass
chocolate         chocolate      m   food mass
ice cream         helado         m   food mass
water             agua           fa  drink mass
milk              leche          f   drink mass grocery
coffee            café           m   drink mass grocery
tea               té             m   drink mass grocery
juice             jugo           m   drink mass grocery

book              libro          m   reading prose
novel             novela         f   reading prose
letter            carta          f   reading text mail
email             correo         m   text mail
message           mensaje        m   text mail

shirt             camisa         f   clothes
dress             vestido        m   clothes
coat              abrigo         m   clothes
hat               sombrero       m   clothes
shoe              zapato         m   pair

key               llave          f   lost small
wallet            cartera        f   lost small bag
passport          pasaporte      m   lost small
ticket            boleto         m   lost small
umbrella          paraguas       m   lost small
phone             teléfono       m   lost small device
watch             reloj          m   lost small device
bag               bolsa          f   lost bag
computer          computadora    f   device
gift              regalo         m   gift
photo             foto           f   gift
flower            flor           f   gift

cup               taza           f   dish_ware
glass             vaso           m   dish_ware

bicycle           bicicleta      f   vehicle
car               coche          m   vehicle
bus               autobús        m   transport
train             tren           m   transport

door              puerta         f   lid
window            ventana        f   lid
table             mesa           f   furniture surface
chair             silla          f   furniture surface
bed               cama           f   furniture surface

kitchen           cocina         f   room
bathroom          baño           m   room
bedroom           dormitorio     m   room
house             casa           f   building

park              parque         m   place sight
beach             playa          f   place sight
museum            museo          m   place sight front
library           biblioteca     f   place shop
market            mercado        m   place shop
supermarket       supermercado   m   place shop
restaurant        restaurante    m   place shop
bank              banco          m   place shop
pharmacy          farmacia       f   place shop
bakery            panadería      f   shop
station           estación       f   place
hospital          hospital       m   place
office            oficina        f   place
city/cities       ciudad         f   town
village           pueblo         m   town
river             río            m   landmark
church            iglesia        f   landmark front
school            escuela        f   landmark front
university        universidad    f   landmark front

dog               perro          m   animal
cat               gato           m   animal
horse             caballo        m   animal

brother           hermano        m   family sibling
sister            hermana        f   family sibling
grandmother       abuela         f   family elder
grandfather       abuelo         m   family elder
aunt              tía            f   family elder
uncle             tío            m   family elder
mother            madre          f   parent
father            padre          m   parent
son               hijo           m   sibling child
daughter          hija           f   sibling child
friend            amigo          m   family
neighbor          vecino         m   family

history           historia       f   subject mass
music             música         f   subject mass
Spanish           español        m   subject mass language
English           inglés         m   subject mass language
guitar            guitarra       f   instrument
piano             piano          m   instrument
head              cabeza         f   body
back              espalda        f   body
hand              mano           f   body
foot/feet         pie            m   limbs
eye               ojo            m   limbs
"""

# english[/comparative]  spanish[/irregular plural]  classes; used with ser
LASTING = """
big/bigger                       grande        building town furniture landmark
small/smaller                    pequeño       building town bag room furniture
new/newer                        nuevo         clothes device vehicle furniture building
old/older                        viejo         clothes device vehicle furniture
expensive/more expensive         caro          clothes device vehicle furniture gift bag
cheap/cheaper                    barato        clothes device vehicle furniture
pretty/prettier                  bonito        clothes town landmark gift
heavy/heavier                    pesado        bag furniture
interesting/more interesting     interesante   reading sight
boring/more boring               aburrido      prose
long/longer                      largo         reading
modern/more modern               moderno       device building
quiet/quieter                    tranquilo     town
fast/faster                      rápido        transport vehicle
slow/slower                      lento         transport
"""

# english  spanish  classes; used with estar
PASSING = """
open          abierto     lid shop
closed        cerrado     lid shop
clean         limpio      clothes dish_ware room vehicle
dirty         sucio       clothes dish_ware room vehicle
broken        roto        device furniture dish_ware
empty         vacío       bag dish_ware
hot           caliente    dish drink
cold          frío        dish drink
delicious     delicioso   food snack
ready         listo       dish snack
"""

COLORS = """
red       rojo
white     blanco
black     negro
blue      azul
green     verde
"""

# english/comparative  spanish[/plural]; used with ser
TRAITS = """
tall/taller                      alto
short/shorter                    bajo
young/younger                    joven/jóvenes
strong/stronger                  fuerte
kind/kinder                      amable
intelligent/more intelligent     inteligente
friendly/friendlier              simpático
funny/funnier                    divertido
patient/more patient             paciente
generous/more generous           generoso
"""

# used with estar
FEELINGS = """
tired       cansado
happy       contento
sad         triste
sick        enfermo
busy        ocupado
nervous     nervioso
worried     preocupado
angry       enojado
bored       aburrido
"""

# What English says with "to be", Spanish says with tener: english, noun, mucho or mucha.
SENSATIONS = """
hungry      hambre   mucha
thirsty     sed      mucha
cold        frío     mucho
hot         calor    mucho
sleepy      sueño    mucho
afraid      miedo    mucho
in a hurry  prisa    mucha
"""

# english[/past[/ing]]  spanish  modes  complements
# Modes: h habit, p past, f future, g going on now, w want / can / have to / need to. H, P and F are
# for what is worth saying of a week: nobody drinks water next week.
# Complements are determiner:class; "own" is the possessive of the subject ("owns" before a
# plural), and "_" stands for a verb that needs no complement.
ACTIONS = """
eat/ate             comer               hpfgw     bare:food a:snack plural:fruit
drink/drank         beber               hpfgw     bare:drink
buy/bought          comprar             hHpPfFw   bare:grocery plural:fruit
buy/bought          comprar             pPfFw     a:clothes a:device a:furniture a:vehicle a:prose
sell/sold           vender              pPfFw     own:vehicle own:furniture
read/read           leer                hH        plural:prose
read/read           leer                pPfFgw    a:prose the:reading
write/wrote         escribir            hH        plural:text
write/wrote         escribir            pPfFgw    a:text
cook                cocinar             hHpPfFgw  bare:dish
wash                lavar               pPfFgw    owns:clothes own:vehicle
clean               limpiar             hHpPfFgw  the:room the:building
open                abrir               pfw       the:lid
close               cerrar              pfw       the:lid
lose/lost           perder              pP        own:lost
find/found          encontrar           pP        own:lost
look for            buscar              pg        own:lost
break/broke         romper              p         a:dish_ware
visit               visitar             hHpPfFw   own:family
visit               visitar             pPfFw     the:sight
call                llamar              hHpPfFw   own:family
help                ayudar              hHpPfFgw  own:family
see/saw             ver                 pP        own:family
study               estudiar            hHpPfFgw  bare:subject
play                tocar               hHpPfFgw  the:instrument
go/went             ir                  hHpPfFw   to:place
work                trabajar            hHpPfFgw  _
dance               bailar              hHpPfFgw  _
play soccer         jugar al fútbol     hHpPfFgw  _
watch television    ver la televisión   hHpPfFgw  _
listen to music     escuchar música     hHpPfFgw  _
wash the dishes     lavar los platos    hHpfgw    _
"""

# english/past  spanish  what somebody gets
GIVING = """
give/gave        dar       gift prose
show             mostrar   gift text prose
send/sent        enviar    gift mail prose
"""

# english  spanish  hours
ROUTINE = """
get/got/getting up           levantarse        6 7 8 9
have/had breakfast           desayunar         7 8 9
have/had dinner              cenar             7 8 9
go/went to bed               acostarse         9 10 11
"""

HOURS = """
one       una
two       dos
three     tres
four      cuatro
five      cinco
six       seis
seven     siete
eight     ocho
nine      nueve
ten       diez
eleven    once
twelve    doce
"""

# english  spanish  age of whom
AGES = """
two         dos        young
three       tres       young
seven       siete      young
nine        nueve      young
ten         diez       young
twelve      doce       young
twenty      veinte     young
thirty      treinta    any
forty       cuarenta   any
fifty       cincuenta  any
seventy     setenta    old
"""

# feeling  spanish  what happened  spanish  mode
CAUSES = """
tired      cansado      work a lot                        trabajar mucho                      p
tired      cansado      clean the whole house             limpiar toda la casa                p
happy      contento     find/found a new job              encontrar un trabajo nuevo          p
sad        triste       lose/lost the game                perder el partido                   p
angry      enojado      lose/lost the keys                perder las llaves                   p
nervous    nervioso     have/had an exam                  tener un examen                     h
busy       ocupado      have/had a lot of work            tener mucho trabajo                 h
worried    preocupado   have/had a problem                tener un problema                   h
"""

# english  spanish  said or denied; what stands in the way
OBSTACLES = """
have/had to work          tener que trabajar        +
have/had to study         tener que estudiar        +
have/had to clean the house   tener que limpiar la casa    +
have/had time             tener tiempo              -
"""

# english  noun after "hace"  mucho or mucha  season  spanish
WEATHER = """
cold     frío      mucho   in winter   en invierno
hot      calor     mucho   in summer   en verano
sunny    sol       mucho   in spring   en primavera
"""

CITIES = """
in Madrid      en Madrid
in Seville     en Sevilla
in Barcelona   en Barcelona
in Lisbon      en Lisboa
in Bogotá      en Bogotá
"""

# english  spanish  classes of the landmark
WHERE = """
near             cerca de          landmark sight
next to          al lado de        landmark sight
behind           detrás de         front
in front of      delante de        front
far from         lejos de          landmark sight
"""

# mode  english  spanish
TIMES = """
h  every day          todos los días
H  every week         todas las semanas
h  on Sundays         los domingos
p  yesterday          ayer
P  last week          la semana pasada
P  on Monday          el lunes
f  tomorrow           mañana
f  this afternoon     esta tarde
F  next week          la próxima semana
g  now                ahora
g  right now          ahora mismo
"""

# english  spanish  negative command  complements
COMMANDS = """
open             abre         no abras        the:lid
close            cierra       no cierres      the:lid
clean            limpia       no limpies      the:room
wash             lava         no laves        the:dish_ware the:clothes the:vehicle
buy              compra       no compres      bare:grocery bare:food plural:fruit
sell             vende        no vendas       the:vehicle the:furniture
read             lee          no leas         the:reading
send             envía        no envíes       the:mail
eat              come         no comas        the:dish plural:fruit
call             llama        no llames       your:family
"""

# english  spanish  determiner:class; asked of somebody for the speaker
REQUESTS = """
give me      dame         a:fruit a:dish_ware the:lost your:lost the:mail
bring me     tráeme       a:fruit a:snack a:dish_ware a:prose the:lost your:lost the:drink the:food
show me      muéstrame    the:lost your:lost the:mail the:gift
"""

# The people that most sentences are about: english  spanish  person  gender
PEOPLE = """
I             -               0  m
you           -               1  m
he            él              2  m
she           ella            2  f
we            -               3  m
they          -               4  m
Ana           Ana             2  f
Carlos        Carlos          2  m
my brother    mi hermano      2  m
my sister     mi hermana      2  f
my mother     mi madre        2  f
my brothers   mis hermanos    4  m
the teacher   la profesora    2  f
our neighbor  nuestro vecino  2  m
"""

# Whom a question can be about.
ASKED = """
you           -               1  m
he            él              2  m
she           ella            2  f
they          -               4  m
Ana           Ana             2  f
Carlos        Carlos          2  m
your brother  tu hermano      2  m
your sister   tu hermana      2  f
your brothers  tus hermanos   4  m
"""

# english  spanish  modes; what "what" can ask for
WHAT = """
eat/ate             comer               hpfgw
drink/drank         beber               hpfgw
buy/bought          comprar             pPfFw
sell/sold           vender              pPfFw
read/read           leer                pPfFgw
write/wrote         escribir            pPfFgw
cook                cocinar             hHpPfFgw
study               estudiar            hHfFgw
wash                lavar               pPg
look for            buscar              pg
lose/lost           perder              pP
find/found          encontrar           pP
"""

# what happens somewhere
WHEREABOUTS = """
work                trabajar            hHpPfFgw
eat/ate             comer               hpfgw
study               estudiar            hHpPfFgw
cook                cocinar             hHpPfFgw
dance               bailar              hHpPfFgw
"""

# infinitive and tense, then one form (or the five persons yo, tú, él, nosotros, ellos).
IRREGULAR = """
ser present           soy eres es somos son
ser past              fui fuiste fue fuimos fueron
estar present         estoy estás está estamos están
estar past            estuve estuviste estuvo estuvimos estuvieron
ir present            voy vas va vamos van
ir past               fui fuiste fue fuimos fueron
tener present         tengo tienes tiene tenemos tienen
tener past            tuve tuviste tuvo tuvimos tuvieron
querer present        quiero quieres quiere queremos quieren
poder present         puedo puedes puede podemos pueden
decir present         digo dices dice decimos dicen
ver present           veo ves ve vemos ven
ver past              vi viste vio vimos vieron
dar present           doy das da damos dan
dar past              di diste dio dimos dieron
leer past             leí leíste leyó leímos leyeron
leer gerund           leyendo
saber present         sé sabes sabe sabemos saben
conocer present       conozco conoces conoce conocemos conocen
salir present         salgo sales sale salimos salen
cerrar present        cierro cierras cierra cerramos cierran
empezar present       empiezo empiezas empieza empezamos empiezan
perder present        pierdo pierdes pierde perdemos pierden
encontrar present     encuentro encuentras encuentra encontramos encuentran
mostrar present       muestro muestras muestra mostramos muestran
acostar present       acuesto acuestas acuesta acostamos acuestan
jugar present         juego juegas juega jugamos juegan
enviar present        envío envías envía enviamos envían
"""
