"""What a page shows of a decoding stepper, and what it should show of a trace."""

import numpy as np

from course.wording import number

SENTENCE = "When my brother is tired, he sings."
SHOWN = """demo => {
    const pane = name => demo.querySelector(`[data-pane=${name}]`);
    const cells = row => [...row.cells].map(cell => cell.textContent);
    const chips = name => [...pane('sentence').querySelectorAll('p')]
        .filter(line => line.textContent.startsWith(name))
        .flatMap(line => [...line.querySelectorAll('.u-chip:not(.next)')])
        .map(chip => chip.textContent);
    return {
        read: chips('reads:'),
        said: chips('has said:'),
        rows: [...pane('table').querySelectorAll('tbody tr')].map(cells),
        labels: [...pane('alternatives').querySelectorAll('g > text')]
            .map(label => label.textContent),
        step: Number(demo.querySelector('.widget-readout').textContent),
    };
}"""


def shown(demo):
    return demo.evaluate(SHOWN)


def expected(trace, step, words):
    """What the page should show of a trace before its token number `step` is said."""
    said = [words[id] for id in trace.tokens[:step]]
    if step == len(trace):
        return {"said": said, "rows": [], "labels": [], "step": step}
    taken, rows, labels = int(trace.tokens[step]), [], []
    for id, log_prob in zip(trace.top_ids[step], trace.top_log_probs[step], strict=True):
        rows.append(row(words[id], log_prob, id == taken))
        labels.append("◀ " * bool(id == taken) + rows[-1][1])
    if taken not in trace.top_ids[step]:  # sampling may take what is not among the likeliest
        rows.append(row(words[taken], trace.log_probs[step], True))
    return {"said": said, "rows": rows, "labels": labels, "step": step}


def row(word, log_prob, taken):
    return [word, number(float(np.exp(log_prob))), number(float(log_prob)), "◀" if taken else ""]
